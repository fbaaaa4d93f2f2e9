"""The product behind its API, with the client in front."""

from tests.api.conftest import house

__all__ = ["house"]
