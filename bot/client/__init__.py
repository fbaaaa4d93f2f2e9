"""A client of the sessions' API, for programs elsewhere: it needs aiohttp and nothing else of the house."""

from __future__ import annotations

from bot.client.errors import ChatMemoryError, Invalid, NotAllowed, NotFound, Unreachable
from bot.client.helper import ChatMemoryHelper
from bot.client.sessions import ChatMemoryClient
from bot.client.shapes import Context, Export, Health, ImportedSession, Message, Session, Statistics

__all__ = [
    "ChatMemoryClient",
    "ChatMemoryHelper",
    "ChatMemoryError",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "Unreachable",
    "Context",
    "Export",
    "Health",
    "ImportedSession",
    "Message",
    "Session",
    "Statistics",
]
