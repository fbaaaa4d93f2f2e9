"""The migrations bring an empty database to exactly what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command

from bot.db.migrate import alembic_config, upgrade
from bot.db.sqlite import sqlite_engine


def test_migrations_and_models_agree(blank_database_url: str) -> None:
    upgrade(blank_database_url)
    command.check(alembic_config(blank_database_url))  # raises when autogenerate would change anything


def test_a_second_upgrade_changes_nothing(blank_database_url: str) -> None:
    upgrade(blank_database_url)
    upgrade(blank_database_url)
    command.check(alembic_config(blank_database_url))


def test_the_check_sees_a_missing_column(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    upgrade(url)
    engine = sqlite_engine(url, writer=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE users DROP COLUMN username")
    engine.dispose()
    with pytest.raises(Exception, match="username"):
        command.check(alembic_config(url))
