"""Fixtures of this folder."""

from tests.support.emulator import telegram
from tests.support.opened import clock, database, sqlite_database

__all__ = ["clock", "database", "sqlite_database", "telegram"]
