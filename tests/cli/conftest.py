"""Fixtures of this folder."""

from tests.support.opened import clock, database

__all__ = ["clock", "database"]
