"""The Telegram face put into the product."""

from __future__ import annotations

from pydantic import ValidationError

from bot.app.wiring import App
from bot.core.errors import MnemaError
from bot.core.jobs import ClaimedJob
from bot.core.views import BotIdentity
from bot.jobs.registry import RetryPolicy
from bot.jobs.worker import PermanentFailure
from bot.telegram.face import FaceSettings, Rooms, TelegramFace

UPDATE_RETRIES = RetryPolicy(attempts=8, patience=120.0, first_pause=0.5, longest_pause=30.0)


def attach_telegram(app: App, token: str, api_url: str | None) -> TelegramFace:
    """Make the face for a bot account and let it do the update jobs. Raises ConfigError."""

    def know(identity: BotIdentity) -> None:
        app.identity = identity

    settings = app.settings
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
            enqueue=app.enqueue,
            on_identity=know,
        ),
        app.clock,
        app.nursery,
    )

    async def update(job: ClaimedJob) -> None:
        try:
            await face.handle_update(job.payload, job.id)
        except ValidationError as error:
            # A new kind of update that this version cannot read: kept as a dead letter for a later one.
            raise PermanentFailure(f"unreadable update: {error.error_count()} faults") from error
        except MnemaError as error:
            if error.user_key == "error.delivery" and getattr(error, "retry_after", None) is None:
                raise PermanentFailure(str(error)) from error
            raise

    # A ContextManager made by hand in a handler finds the services where its `bot` argument carries them.
    setattr(face.bot, "context_services", app.context)  # noqa: B010 - aiogram's class does not know it
    app.jobs.register("telegram.update", update, UPDATE_RETRIES)
    app.sinks.add("telegram", face.sinks)
    app.files.behind = face.files
    return face
