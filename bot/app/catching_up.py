"""What people missed, as durable jobs: a command orders, a job writes, the face tells."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from bot.app.summaries import make_catch_ups
from bot.core.errors import LLMError, MnemaError
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.messages import ChatRef, Person
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick

if TYPE_CHECKING:
    from bot.app.wiring import App

KIND = "summary.catch_up"

RETRIES = RetryPolicy(attempts=3, patience=60.0, first_pause=2.0, longest_pause=10.0)
"""Somebody waits."""


class Teller(Protocol):
    """Shows in the chat what was missed."""

    async def tell(self, chat: ChatRef, language: str, key: str, text: str, messages: int) -> None:
        """Show the account."""
        ...

    async def sorry(self, chat: ChatRef, language: str, key: str, error_key: str) -> None:
        """Say why there is none."""
        ...


class CatchingUp:
    """Takes orders and does the jobs "summary.catch_up"."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._catch_ups = make_catch_ups(app)
        self.teller: Teller | None = None

    async def order(self, asker: Person, chat: ChatRef, key: str, language: str) -> None:
        """Let it be told in place of what was said under the key; the same key orders once."""
        payload = {"asker": asdict(asker), "chat": asdict(chat), "key": key, "language": language}
        lane = f"catch_up:{chat.external_id}:{asker.external_id}"
        await self._app.enqueue([NewJob(KIND, "answer", lane, payload, f"catch_up:{key}")])

    async def work(self, job: ClaimedJob) -> None:
        """Write an account and show it. Raises LLMError, and DeliveryError while it cannot be shown."""
        asker, chat = Person(**job.payload["asker"]), ChatRef(**job.payload["chat"])
        try:
            found = await self._catch_ups.catch_up(asker, chat, present=True)
        except LLMError:
            raise
        except MnemaError as error:
            return await self._sorry(job, error)
        if self.teller is not None:
            place = job.payload["language"], job.payload["key"]
            await self.teller.tell(chat, *place, found.text, found.messages)
        return None

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """Say why there is no account."""
        await self._sorry(job, error)

    async def _sorry(self, job: ClaimedJob, error: Exception) -> None:
        key = getattr(error, "user_key", "error.internal")
        if self.teller is not None:
            chat = ChatRef(**job.payload["chat"])
            await self.teller.sorry(chat, job.payload["language"], job.payload["key"], key)


def attach_catching_up(app: App) -> list[Tick]:
    """Register the jobs; nothing of it falls due by itself."""
    app.jobs.register(KIND, app.catching_up.work, RETRIES, app.catching_up.give_up)
    return []
