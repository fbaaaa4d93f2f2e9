"""The doctor in the house: data folder, disk, database and the system prompt."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.app.backups import Backups
from bot.app.doctor.check import Check, failed, ok, warning
from bot.app.schema import (
    BACKUPS,
    knows_revision,
    newer_database,
    place_of,
    revision_in,
    sqlite_path,
    sqlite_revision,
    unopenable,
)
from bot.context.permanent import PromptLibrary, check_prompt
from bot.core.errors import ConfigError
from bot.core.ports import Clock
from bot.db.backup import damage
from bot.db.engine import make_database
from bot.db.migrate import newest_revision
from bot.llm.build import build_tokens
from bot.services.tombstones import taken_at
from bot.settings import Settings

_OLD_HOURS = 48
_LITTLE, _NONE = 500 << 20, 50 << 20  # bytes of disk space


def look_at_folder(folder: Path) -> Check:
    """Whether the data folder can be written."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            pass
    except OSError as error:
        advice = f"let this user write there, or set DATA_DIR to another folder ({error.strerror})"
        return failed("Data folder", f"{folder} cannot be written", advice)
    return ok(
        "Data folder", f"{folder} can be written" if folder.exists() else f"{folder} is made at the start"
    )


def look_at_disk(folder: Path) -> Check:
    """Whether there is room."""
    free = shutil.disk_usage(_existing(folder)).free
    found = f"{free / (1 << 30):.1f} GiB are free"
    if free >= _LITTLE:
        return ok("Disk space", found)
    advice = "make room on the disk of DATA_DIR"
    return (failed if free < _NONE else warning)("Disk space", found, advice)


def look_at_backups(settings: Settings, clock: Clock) -> Check:
    """How old the newest backup is, as its name says; `mnema db verify` looks into them."""
    paths = Backups(settings, clock).paths()
    if not paths:
        advice = "the running bot takes one a day; `mnema db backup` takes one now"
        return warning("Backups", f"there are none in {settings.data_dir / BACKUPS} yet", advice)
    age = clock.now() - taken_at(paths[0])
    hours = max(0, int(age.total_seconds() // 3600))
    found = f"the newest is {hours} h old" if hours < _OLD_HOURS else f"the newest is {hours // 24} days old"
    if hours < _OLD_HOURS:
        return ok("Backups", f"{found}; there are {len(paths)}" if len(paths) > 1 else found)
    advice = "the running bot takes one a day: its log or `mnema jobs list --dead` says why it could not"
    return warning("Backups", found, advice)


async def look_at_prompt(settings: Settings) -> list[Check]:
    """Whether the system prompt is there and leaves room for a talk."""
    name = settings.system_prompt_file
    try:
        library = PromptLibrary(name)
        await asyncio.to_thread(check_prompt, library, settings.context_max_tokens, build_tokens(settings))
    except ConfigError as error:
        what, _, advice = str(error).rstrip(".").partition(": ")
        return [failed("System prompt", what, advice or "set SYSTEM_PROMPT_FILE to a file in prompts/")]
    return [ok("System prompt", f"prompts/{name} is there")]


async def look_at_database(settings: Settings) -> list[Check]:
    """Whether the database opens, is sound, can be written and has the schema of this program."""
    url = settings.database_url
    try:
        if not url.startswith("sqlite"):
            return [await _look_at_server(url)]
        return await asyncio.to_thread(_look_at_file, url)
    except (OSError, DBAPIError, sqlite3.Error) as error:
        what, _, advice = unopenable(url, error).rstrip(".").replace("; ", ": ").partition(": ")
        return [failed("Database", what, advice)]


def _look_at_file(url: str) -> list[Check]:
    path = sqlite_path(url)
    if not path.exists():
        return [ok("Database", f"{path} is made at the start")]
    if (fault := damage(path)) is not None:
        advice = "start the bot, which restores the newest backup, or run `mnema db restore`"
        return [failed("Database", f"{path} is damaged: {fault}", advice)]
    schema = _schema(url, sqlite_revision(url))
    if schema.state == "failed":
        return [schema]
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE mnema_doctor (x)")
        connection.execute("ROLLBACK")
    return [schema]


async def _look_at_server(url: str) -> Check:
    database = make_database(url)
    await database.open()
    try:
        revision = await database.read(revision_in)
        if revision is not None:
            await database.write(
                lambda s: s.execute(text("UPDATE alembic_version SET version_num=version_num"))
            )
    finally:
        await database.close()
    return _schema(url, revision)


def _schema(url: str, revision: str | None) -> Check:
    place = place_of(url)
    if revision == newest_revision():
        return ok("Database", f"{place} is sound and up to date")
    if revision is None:
        return ok("Database", f"{place} is empty; its tables are made at the start")
    if not knows_revision(url, revision):
        what, _, advice = newer_database(url).rstrip(".").partition(": ")
        return failed("Database", what, advice)
    return warning("Database", f"{place} has an older schema", "the next start upgrades it, after a copy")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
