"""The database in use, looked at for `mnema db verify` and before a restore replaces it."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from bot.app.schema import (
    knows_revision,
    place_of,
    server_revision,
    sqlite_path,
    unopenable,
)
from bot.core.errors import ConfigError
from bot.db.copies import COUNTED, CopyFacts, look_into
from bot.db.migrate import newest_revision
from bot.db.moving import counts
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Live:
    """The database in use: where it is, its schema (present, older, newer, none), and what was found."""

    place: str
    schema: str
    facts: CopyFacts

    @property
    def there(self) -> bool:
        """Whether there is one at all."""
        return self.schema != "none" or self.facts.fault is not None

    @property
    def fault(self) -> str | None:
        """What is wrong with it, None if nothing is."""
        if self.facts.fault is None and self.facts.orphans:
            return f"{self.facts.orphans} rows refer to rows that are not there"
        if self.facts.fault is None and self.schema == "newer":
            return "it was made by a newer Mnema"
        return self.facts.fault


def look_at_live(settings: Settings, *, thorough: bool = False) -> Live:
    """Look at the configured database, also while the bot runs; see `look_into` for `thorough`.

    On PostgreSQL soundness is the server's business: its schema and its rows are counted. Blocks. Raises
    ConfigError when it cannot be opened.
    """
    url = settings.database_url
    try:
        facts = _file_facts(url, thorough) if url.startswith("sqlite") else _server_facts(url)
    except (OSError, DBAPIError, sqlite3.Error) as error:
        raise ConfigError(unopenable(url, error)) from error
    return Live(place_of(url), _schema(url, facts.revision), facts)


def _file_facts(url: str, thorough: bool) -> CopyFacts:
    path = sqlite_path(url)
    if not path.exists() or path.stat().st_size == 0:
        return CopyFacts()
    return look_into(path, thorough=thorough)


def _server_facts(url: str) -> CopyFacts:
    revision = asyncio.run(server_revision(url))
    return CopyFacts(None, revision, counts=counts(url, COUNTED)) if revision else CopyFacts()


def _schema(url: str, revision: str | None) -> str:
    if revision is None:
        return "none"
    if revision == newest_revision():
        return "present"
    return "older" if knows_revision(url, revision) else "newer"
