"""A Bot API server for one process: unmodified clients talk to it over HTTP."""

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.cut import CutConnections
from bot.playground.emulator.errors import ActionRefused, ApiError
from bot.playground.emulator.faults import Fault
from bot.playground.emulator.ledger import LedgerEntry
from bot.playground.emulator.routes import emulator_router

__all__ = [
    "ActionRefused",
    "ApiError",
    "CutConnections",
    "Emulator",
    "Fault",
    "LedgerEntry",
    "emulator_router",
]
