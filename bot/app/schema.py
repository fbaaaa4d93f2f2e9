"""Bringing the database to the present at a start: a copy first, and a clear word when it cannot be done."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.core.clock import SystemClock
from bot.core.errors import ConfigError
from bot.core.ports import Clock
from bot.db.backup import BackupFailed, backup_before
from bot.db.migrate import alembic_config, newest_revision, upgrade

log = logging.getLogger(__name__)

BACKUPS = "backups"
"""The folder of copies inside DATA_DIR."""


async def prepare_database(url: str, data_dir: Path, clock: Clock | None = None) -> None:
    """Make the folder and the schema, copying an old SQLite file first. Raises ConfigError."""
    try:
        if url.startswith("sqlite"):
            sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(_prepare_file, url, data_dir / BACKUPS, clock or SystemClock())
        elif await server_revision(url) != newest_revision():
            await asyncio.to_thread(upgrade, url)
    except CommandError as error:
        if "locate revision" in str(error):
            raise ConfigError(newer_database(url)) from error
        raise
    except (OSError, DBAPIError) as error:
        log.debug("the database cannot be opened", exc_info=True)
        raise ConfigError(unopenable(url, error)) from error


def knows_revision(url: str, revision: str) -> bool:
    """Whether this program has the migration that made a schema."""
    try:
        return ScriptDirectory.from_config(alembic_config(url)).get_revision(revision) is not None
    except CommandError:
        return False


def sqlite_revision(url: str) -> str | None:
    """The schema of an SQLite file, None for one that is missing or empty. Blocks. Raises DBAPIError."""
    path = sqlite_path(url)
    if not path.exists() or path.stat().st_size == 0:
        return None
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()


async def server_revision(url: str) -> str | None:
    """The schema of a PostgreSQL database, None for an empty one. Raises OSError and DBAPIError."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        await engine.dispose()


def revision_in(session: Session) -> str | None:
    """The schema of an opened database; None where nothing was ever made. Raises DBAPIError."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def sqlite_path(url: str) -> Path:
    """The file of an SQLite URL."""
    return Path(make_url(url).database or "")


def place_of(url: str) -> str:
    """Where a database is, without its password."""
    parsed = make_url(url)
    if url.startswith("sqlite"):
        return str(parsed.database)
    return f"{parsed.host}:{parsed.port or 5432}"


def newer_database(url: str) -> str:
    """The sentence for a database that a later version has upgraded."""
    return (
        f"The database at {place_of(url)} was made by a newer Mnema: install that version again, "
        f"or restore a copy from before the upgrade (DATA_DIR/{BACKUPS}, `mnema db restore FILE`)."
    )


def broken_place(url: str, error: Exception) -> str | None:
    """The sentence for a database whose disk is full or whose file is damaged; None for anything else."""
    place = place_of(url)
    if "disk is full" in str(error) or "No space left" in str(error):
        return f"The disk with the database at {place} is full: make room and start again."
    if "is not a database" in str(error) or "malformed" in str(error):
        return (
            f"The database at {place} is damaged: `mnema db restore` sets it aside and puts the newest "
            f"backup from DATA_DIR/{BACKUPS} in its place."
        )
    return None


def unopenable(url: str, error: Exception) -> str:
    """The sentence for a database that cannot be used."""
    return broken_place(url, error) or (
        f"The database at {place_of(url)} cannot be opened; "
        "check DATABASE_URL and DATA_DIR, and that this user may write there."
    )


def _prepare_file(url: str, folder: Path, clock: Clock) -> None:
    revision = sqlite_revision(url)
    if revision == newest_revision():
        return
    if revision is not None:
        _copy_first(url, revision, folder, clock)
    upgrade(url)


def _copy_first(url: str, revision: str, folder: Path, clock: Clock) -> None:
    if not knows_revision(url, revision):
        raise ConfigError(newer_database(url))
    try:
        copy = backup_before(sqlite_path(url), folder, newest_revision(), clock.now())
    except BackupFailed as error:
        raise ConfigError(
            f"The database must be upgraded, but no copy of it could be made first ({error}): "
            f"make room or rights for {folder}, and start again. Nothing was changed."
        ) from error
    log.info("the database is upgraded from %s; a copy from before lies at %s", revision, copy)
