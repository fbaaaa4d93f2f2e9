"""Brings a database's schema to the present by Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

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
