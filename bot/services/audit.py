"""Noting that an operator reads what somebody said or what is known about somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Conversation, User
from bot.db.repositories import audit
from bot.services.reach import Caller, conversation_of, only_as_admin, user_of

Action = Literal[
    "conversations.read", "messages.read", "memories.read", "documents.read", "states.read", "export"
]
"""What was read: titles and summaries, messages, facts, documents, unfinished dialogues, or everything."""

EVERYBODY = "everybody"
"""Whom a list without a person concerns."""

Whom = Callable[[Session], User | Conversation | None]
"""Finds whom a read is about, None for everybody; raises NotFound beyond the caller's reach."""


class Audit:
    """One row for a read over the API that the admin's right alone allows: who, what, whom.

    Whoever reads what their key would reach anyway leaves none, and neither does this machine itself (the
    command line, scripts, the playground): nobody could be named there.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def user(self, caller: Caller, action: Action, user_id: str) -> None:
        """Before something of a user is read. Raises NotFound and Invalid, as `reach.user_of`."""
        await self.note(caller, action, lambda session: user_of(session, caller, user_id))

    async def conversation(self, caller: Caller, action: Action, conversation_id: str) -> None:
        """Before something of a conversation is read. Raises NotFound, as `reach.conversation_of`."""
        await self.note(caller, action, lambda session: conversation_of(session, caller, conversation_id))

    async def note(self, caller: Caller, action: Action, whom: Whom) -> None:
        """The same for whomever `whom` finds."""
        if caller.kind == "local" or not caller.admin:
            return
        if not await self._db.read(lambda s: _foreign(s, caller, whom)):
            return
        now = self._clock.now()

        def unit(session: Session) -> None:
            what = whom(session)
            target, more = (EVERYBODY, {}) if what is None else audit.target_of(session, what)
            audit.note(session, actor_of(caller), action, target, now, more)

        await self._db.write(unit)


def actor_of(caller: Caller) -> str:
    """The name under which a caller of the API stands in the audit."""
    return f"api:{caller.id}"


def _foreign(session: Session, caller: Caller, whom: Whom) -> bool:
    what = whom(session)
    return what is None or only_as_admin(session, caller, what)
