"""Export and import on the configured database, also beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.db.former import FormerDatabase
from bot.llm.build import build_tokens
from bot.services.transfer.exporting import Exports
from bot.services.transfer.importing import Imports
from bot.services.transfer.legacy import LegacyImport
from bot.services.transfer.telegram_import import TelegramPast
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Bringing:
    """The ways in: our own exports, Telegram's, the predecessor's database."""

    own: Imports
    telegram: TelegramPast
    legacy: LegacyImport


@asynccontextmanager
async def open_exports(settings: Settings) -> AsyncIterator[Exports]:
    """What can be exported. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield Exports(database, SystemClock())


@asynccontextmanager
async def open_imports(settings: Settings) -> AsyncIterator[Bringing]:
    """What can be imported. Raises ConfigError."""
    tokens, clock = build_tokens(settings), SystemClock()
    async with database_beside(settings) as database:
        await tokens.warm()
        yield Bringing(
            Imports(database, clock),
            TelegramPast(database, clock, tokens, bot_id_of(settings)),
            LegacyImport(database, clock, tokens),
        )


def bot_id_of(settings: Settings) -> str | None:
    """The bot's own id at Telegram, which its token begins with."""
    if settings.bot_token is None:
        return None
    number = settings.bot_token.get_secret_value().partition(":")[0]
    return number if number.isdigit() else None


def former_database(url: str) -> FormerDatabase:
    """The predecessor's database. Raises Invalid."""
    return FormerDatabase(url)
