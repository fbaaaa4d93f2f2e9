"""The shared fixtures of tests that search a real database."""

from tests.support.opened import clock, database, postgres_database, sqlite_database

__all__ = ["clock", "database", "postgres_database", "sqlite_database"]
