"""What a person was asked to write: their next message is the answer. It outlives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Profile, User
from bot.db.repositories import people
from bot.services.profiles import prefer_in

WAIT_MINUTES = 10
"""Minutes for which the next message is taken for what was asked for."""

_AWAITED = "awaited"


class Awaiting:
    """Remembers the last question of each person that has no answer yet."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def ask(self, person: Person, chat: ChatRef, what: str) -> None:
        """Take the person's next message in the chat for `what`, for a while; the last question counts."""
        until = (self._clock.now() + timedelta(minutes=WAIT_MINUTES)).isoformat()
        await self._keep(person, {"what": what, "chat": chat.external_id, "until": until, "by": None})

    async def asked(self, person: Person, chat: ChatRef, key: str) -> str | None:
        """What the person was asked in the chat; `key` names the message that may be the answer."""
        now = self._clock.now()
        question = await self._db.read(lambda s: _question(s, person))
        if question is None or question["chat"] != chat.external_id:
            return None
        waits = question["by"] is None and datetime.fromisoformat(question["until"]) >= now
        return str(question["what"]) if waits or question["by"] == key else None

    async def answered(self, person: Person, key: str) -> None:
        """Ask no more, but know the message `key` again, should it be handled a second time."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            question = _question(session, person)
            if question is not None:
                user = people.upsert_user(session, person, now)
                prefer_in(session, user.id, {_AWAITED: question | {"by": key}}, now)

        await self._db.write(unit)

    async def forget(self, person: Person) -> None:
        """Whatever was asked, the next message is an ordinary one."""
        if await self._db.read(lambda s: _question(s, person)) is not None:
            await self._keep(person, None)

    async def _keep(self, person: Person, question: Mapping[str, Any] | None) -> None:
        now = self._clock.now()

        def unit(session: Session) -> None:
            prefer_in(session, people.upsert_user(session, person, now).id, {_AWAITED: question}, now)

        await self._db.write(unit)


def _question(session: Session, person: Person) -> dict[str, Any] | None:
    preferences = session.scalar(
        select(Profile.preferences)
        .join(User, User.id == Profile.user_id)
        .where(User.platform == person.platform, User.external_id == person.external_id)
    )
    return (preferences or {}).get(_AWAITED)
