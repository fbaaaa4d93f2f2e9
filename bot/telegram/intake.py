"""Raw updates become durable jobs before they are acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.jobs import NewJob
from bot.telegram.ports import Enqueue

KIND = "telegram.update"
_PLACE = 64

RawUpdate = dict[str, Any]


def job_of(bot_id: int, update: RawUpdate) -> NewJob:
    """The job of one update: in order within its chat, stored once however often it is fetched."""
    return NewJob(
        kind=KIND,
        pool="receive",
        lane=lane_of(bot_id, _place(update)),
        payload=update,
        dedup_key=f"tg:{bot_id}:{update['update_id']}",
    )


def lane_of(bot_id: int, place: str) -> str:
    """The lane in which the updates of one chat are handled, one after another."""
    return f"in:{bot_id}:{place}"


def _place(update: RawUpdate) -> str:
    """The chat (or, without one, the person) that an update comes from, whatever its kind."""
    for event in update.values():
        if not isinstance(event, dict):
            continue
        message = event.get("message")
        for holder in (event, message if isinstance(message, dict) else {}):
            chat = holder.get("chat")
            if isinstance(chat, dict) and "id" in chat:
                return str(chat["id"])[:_PLACE]
        person = event.get("from") or event.get("user")
        if isinstance(person, dict) and "id" in person:
            return str(person["id"])[:_PLACE]
    return "none"


class Intake:
    """Where the poller and the webhook hand over what they received."""

    def __init__(self, bot_id: int, enqueue: Enqueue) -> None:
        self._bot_id = bot_id
        self._enqueue = enqueue

    async def accept(self, updates: Sequence[RawUpdate]) -> None:
        """Store the updates; when this returns they are committed."""
        if updates:
            await self._enqueue([job_of(self._bot_id, update) for update in updates])
