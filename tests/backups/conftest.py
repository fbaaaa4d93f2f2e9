"""Fixtures of this folder."""

from tests.support.opened import clock

__all__ = ["clock"]
