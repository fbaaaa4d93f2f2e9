"""How the instance stands, for `/readyz`: the database, its damage, and the last restore."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError

from bot.app.restoring import RECOVERY
from bot.db.copies import is_damage
from bot.db.engine import Database
from bot.db.repositories import people
from bot.web.health import Readiness

_SECONDS = 5.0

ADVICE = (
    "the database is damaged: restart the bot, which sets the file aside and restores the newest sound backup"
)


class Condition:
    """Asks the database; `fault` is what the daily check found wrong with it, None if nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.fault: str | None = None

    async def __call__(self) -> dict[str, Any]:
        """`ready`, `database` (ok, damaged or error), `advice` where something is to be done, `recovery`.

        `recovery` tells of the last restore: {from, until, backup, aside, fault}.
        """
        recovery, state = None, "ok"
        try:
            async with asyncio.timeout(_SECONDS):
                recovery = await self._db.read(lambda s: people.get_meta(s, RECOVERY))
        except (OSError, DBAPIError, RuntimeError) as error:
            cause = getattr(error, "orig", None)
            state = "damaged" if isinstance(cause, sqlite3.Error) and is_damage(cause) else "error"
        if self.fault is not None:
            state = "damaged"
        told = {} if recovery is None else {"recovery": recovery}
        advice = {"advice": ADVICE} if state == "damaged" else {}
        return {"ready": state == "ok", "database": state, **advice, **told}


class LateCondition:
    """Stands where an instance's condition is asked for before there is the instance."""

    def __init__(self) -> None:
        self.behind: Readiness | None = None

    async def __call__(self) -> dict[str, Any]:
        """Not ready before the instance is there."""
        return {"ready": False, "database": "starting"} if self.behind is None else await self.behind()
