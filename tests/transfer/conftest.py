"""The shared fixtures of tests that work on a real database."""

from tests.support.opened import clock, database, postgres_database, sqlite_database

__all__ = ["clock", "database", "postgres_database", "sqlite_database"]
