"""A stand-in for a language model: an honest server of a few rules, to try everything offline."""

from bot.playground.rehearsal.phrases import ABILITIES
from bot.playground.rehearsal.server import MODEL, rehearsal_router

__all__ = ["ABILITIES", "MODEL", "rehearsal_router"]
