"""The Telegram face put into the product."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from bot.app.erasure import make_erasure
from bot.app.wiring import App
from bot.core.errors import RetryLater
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.views import BotIdentity
from bot.jobs.registry import RetryPolicy
from bot.jobs.worker import PermanentFailure
from bot.services.awaiting import Awaiting
from bot.services.chat_settings import ChatSettings
from bot.services.chats import Chats
from bot.services.dialogue.service import Dialogue
from bot.services.incognito import Incognito
from bot.services.insight import Insight
from bot.services.past_reading import KIND as PAST
from bot.services.past_reading import PastReading
from bot.services.profiles import Profiles
from bot.services.statistics import Statistics
from bot.services.system_memory import SystemMemory
from bot.services.talk_search import TalkSearch
from bot.services.transfer.exporting import Exports
from bot.services.transfer.telegram_import import TelegramPast
from bot.telegram.face import FaceSettings, Rooms, TelegramFace
from bot.telegram.handlers.summary import Accounts
from bot.telegram.intake import KIND
from bot.telegram.own_data import OwnData
from bot.telegram.past_words import Pasts
from bot.telegram.reading import Documents, Readings
from bot.turns.late import LANE_ATTEMPTS, LANE_SECONDS, LATE_PAUSE, LATE_SECONDS

UPDATE_RETRIES = RetryPolicy(attempts=8, patience=120.0, first_pause=0.5, longest_pause=30.0)

PAST_RETRIES = RetryPolicy(attempts=6, patience=3600.0, first_pause=2.0, longest_pause=60.0)

LATE = "telegram.late"
"""Kind of the job of an update whose answer Telegram would not take for long."""


def attach_telegram(app: App, token: str, api_url: str | None) -> TelegramFace:
    """Make the face for a bot account and let it do the update jobs. Raises ConfigError."""

    def know(identity: BotIdentity) -> None:
        app.identity = identity

    settings = app.settings
    brought = TelegramPast(app.database, app.clock, app.tokens, token.partition(":")[0])
    past = PastReading(brought, app.files, app.database, app.clock)
    face = TelegramFace(
        FaceSettings(
            token=token,
            api_url=api_url,
            names=settings.bot_names,
            stream_mode=settings.stream_mode,
            default_language=settings.default_language,
        ),
        Rooms(
            turns=app.turns,
            memories=app.memories,
            conversations=app.conversations,
            access=app.access,
            chats=Chats(app.database, app.clock),
            enqueue=app.enqueue,
            on_identity=know,
            profiles=Profiles(app.database, app.clock),
            awaiting=Awaiting(app.database, app.clock),
            chat_settings=_chat_settings(app),
            insight=Insight(app.database, app.clock, app.settings.default_timezone),
            search=TalkSearch(app.database, app.clock, app.recall, app.settings.default_timezone),
            incognito=Incognito(app.database, app.clock),
            house=SystemMemory(app.database, app.clock),
            documents=Documents(app.knowledge, app.reading),
            dialogue=Dialogue(app.database, app.clock),
            catch_ups=app.catching_up,
            statistics=Statistics(app.database),
            own_data=OwnData(
                make_erasure(app.settings, app.database, app.clock),
                Exports(app.database, app.clock),
                past,
            ),
        ),
        app.clock,
        app.nursery,
    )

    updates = _Updates(app, face)

    # A ContextManager made by hand in a handler finds the services where its `bot` argument carries them.
    setattr(face.bot, "context_services", app.context)  # noqa: B010 - aiogram's class does not know it
    app.jobs.register(KIND, updates.handle, UPDATE_RETRIES, updates.give_up)
    app.jobs.register(LATE, updates.handle_late, UPDATE_RETRIES, updates.give_up)
    app.jobs.register(PAST, past.read, PAST_RETRIES, past.give_up)
    app.sinks.add("telegram", face.sinks)
    app.files.behind = face.files
    app.reading.teller = Readings(face.promises)
    past.teller = Pasts(face.promises)
    app.catching_up.teller = Accounts(face.promises)
    return face


def _chat_settings(app: App) -> ChatSettings:
    prompts, most = app.context.prompts, app.settings.context_max_tokens
    return ChatSettings(app.database, app.clock, app.tokens, prompts.files, prompts.file_name, most)


class _Updates:
    """Does the update jobs; one whose answer cannot be sent for long leaves its lane and is done later."""

    def __init__(self, app: App, face: TelegramFace) -> None:
        self._app = app
        self._face = face

    async def handle(self, job: ClaimedJob) -> None:
        """Handle an update. Raises RetryLater, and PermanentFailure for one that cannot be read."""
        await self._handle(job, job.payload, job.id)

    async def handle_late(self, job: ClaimedJob) -> None:
        """Handle an update that left its lane, under the key of its first job."""
        await self._handle(job, job.payload["update"], job.payload["job_id"])

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """Tell whoever waits."""
        late = job.kind == LATE
        payload, job_id = (job.payload["update"], job.payload["job_id"]) if late else (job.payload, job.id)
        unreadable = isinstance(error, PermanentFailure)
        await self._face.give_up_update(payload, job_id, unreadable=unreadable)

    async def _handle(self, job: ClaimedJob, update: dict[str, Any], job_id: int) -> None:
        try:
            await self._face.handle_update(update, job_id)
        except ValidationError as error:
            # A new kind of update that this version cannot read: kept as a dead letter for a later one.
            raise PermanentFailure(f"unreadable update: {error.error_count()} faults") from error
        except RetryLater as later:
            now = self._app.clock.now()
            waited = (now - (job.first_failed_at or now)).total_seconds()
            if waited + later.seconds <= LANE_SECONDS and job.attempts < LANE_ATTEMPTS:
                raise
            if not await self._put_off(job, update, job_id, later.seconds):
                raise

    async def _put_off(self, job: ClaimedJob, update: dict[str, Any], job_id: int, seconds: float) -> bool:
        now = self._app.clock.now()
        until = job.payload.get("until") if job.kind == LATE else now.timestamp() + LATE_SECONDS
        due = now + timedelta(seconds=max(seconds, LATE_PAUSE))
        if until is None or due.timestamp() > until:
            return False
        payload = {"update": update, "job_id": job_id, "until": until}
        later = NewJob(LATE, "receive", f"late:{job_id}", payload, f"late:{job_id}:{job.id}", due)
        await self._app.enqueue([later])
        return True
