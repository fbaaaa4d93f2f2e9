"""The HTTP API put into the product: its services, its door, its sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import make_url

from bot.api.access import Gate
from bot.api.chatting import ChatDesk
from bot.api.listening import CHANNEL, Listening
from bot.api.mount import api_routers, mount
from bot.api.pace import Pace
from bot.api.routes.jobs import Cleaning
from bot.api.services import Services
from bot.app.erasure import make_erasure
from bot.app.logs import Redactor
from bot.core.errors import ConfigError
from bot.services.api_keys import ApiKeys
from bot.services.api_talk import ApiTalk
from bot.services.audit import Audit
from bot.services.bookings import Bookings
from bot.services.conversation_desk import ConversationDesk
from bot.services.dialogue.service import Dialogue
from bot.services.idempotency import Idempotency
from bot.services.insight import Insight
from bot.services.instance_statistics import InstanceNumbers
from bot.services.jobs_desk import JobsDesk
from bot.services.memory_desk import MemoryDesk
from bot.services.profiles import Profiles
from bot.services.reach import Reach
from bot.services.search import Search
from bot.services.sessions import Sessions
from bot.services.statistics import Statistics
from bot.services.testdata.service import TestData
from bot.services.transfer.exporting import Exports
from bot.services.users import Users
from bot.settings import Settings
from bot.settings.values import is_loopback
from bot.web.app import make_web

if TYPE_CHECKING:
    from bot.app.wiring import App

ANY_MODEL: Sequence[str] | None = None
"""The rehearsal model stands in for whichever model a request names."""


async def serve_api(
    app: App,
    services: Services,
    listening: Listening,
    *,
    closed: bool,
    models: Sequence[str] | None,
    rehearsal: bool = False,
) -> None:
    """Make an opened app's services known to the routes. Without `closed` this machine needs no key.

    In a `rehearsal` nobody is real: test data may be made beside everybody.
    """
    settings, database, clock = app.settings, app.database, app.clock
    most = settings.max_active_conversations
    keys, answers = ApiKeys(database, clock, settings), Idempotency(database, clock)
    erasure = make_erasure(settings, database, clock)
    search = Search(app.recall, database, clock, settings.default_timezone)
    app.sinks.add(CHANNEL, listening)
    if app.lock is not None:
        # Nobody else serves this file: what is still being answered was cut off by a crash.
        await answers.abandon_all()
    services.add(
        Gate(keys, Pace(settings.api_rate_per_minute, clock), closed=closed),
        ChatDesk(app.turns, ApiTalk(database, clock, most), listening, clock, models),
        Cleaning(Redactor(_secrets(settings)).clean),
        answers,
        JobsDesk(database, clock),
        Audit(database, clock),
        Insight(database, clock, settings.default_timezone),
        Profiles(database, clock),
        Reach(database, clock),
        Dialogue(database, clock),
        Bookings(database, clock, settings.default_timezone),
        Sessions(database, clock, app.tokens, most),
        ConversationDesk(database, clock, most),
        ApiTalk(database, clock, most),
        MemoryDesk(database, clock, app.memories.records, search),
        Users(database),
        Statistics(database),
        InstanceNumbers(database, clock),
        erasure,
        TestData(database, clock, app.tokens, erasure, rehearsal=rehearsal),
        Exports(database, clock),
        app.knowledge,
    )


def closed_by(settings: Settings) -> bool:
    """Whether a key is needed. Raises ConfigError where an open API would not stay on this machine."""
    if settings.api_auth == "on":
        return True
    webhook = urlsplit(settings.webhook_url or "").hostname
    if webhook is not None and not is_loopback(webhook):
        raise ConfigError(
            "API_AUTH=off does not go with WEBHOOK_URL: the proxy in front of the bot would let everybody in."
        )
    return False


def offered_models(settings: Settings) -> Sequence[str]:
    """The models that a request may name."""
    return () if settings.llm_model is None else (settings.llm_model, *settings.llm_fallback_models)


def api_document() -> dict[str, Any]:
    """The OpenAPI document, without a running bot."""
    web = make_web(api_routers())
    mount(web, Services())
    return web.openapi()


def _secrets(settings: Settings) -> list[str]:
    values = (getattr(settings, name) for name in type(settings).model_fields)
    urls = (settings.database_url, settings.llm_base_url, settings.embedding_base_url, settings.webhook_url)
    passwords = (make_url(url).password for url in urls if url)
    known = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return [*known, *(str(password) for password in passwords if password)]
