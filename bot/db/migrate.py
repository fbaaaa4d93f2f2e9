"""Brings a database's schema to the present by Alembic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.core.resources import migrations_dir


def alembic_config(url: str) -> Config:
    """Alembic's configuration for a URL; no ini file takes part."""
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Apply all migrations. Blocks; call it from a thread when a loop is running."""
    command.upgrade(alembic_config(url), "head")


def newest_revision() -> str:
    """The schema that this program works with."""
    return _head_in(migrations_dir())


@cache
def _head_in(folder: Path) -> str:
    # Alembic runs every migration's file to know the last one; they do not change while the program runs.
    head = ScriptDirectory(folder).get_current_head()
    assert head is not None
    return head
