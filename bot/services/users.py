"""What is known of a user at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.db.models import Conversation, Memory, User
from bot.services.reach import Caller, user_of


@dataclass(frozen=True, slots=True)
class UserCard:
    """A user with how many conversations and valid facts there are."""

    platform: str
    name: str
    username: str | None
    language: str | None
    conversations: int
    facts: int
    created_at: datetime
    last_seen_at: datetime


class Users:
    """Users within reach of a caller."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def card(self, caller: Caller, user_id: str) -> UserCard:
        """A user. Raises NotFound and Invalid, as `bot.services.reach.user_of`."""
        return await self._db.read(lambda s: _card(s, user_of(s, caller, user_id)))


def _card(session: Session, user: User) -> UserCard:
    talks = select(func.count()).where(Conversation.user_id == user.id, Conversation.status != "deleted")
    valid = Memory.invalid_at.is_(None), Memory.archived_at.is_(None), Memory.deleted_at.is_(None)
    facts = select(func.count()).where(Memory.user_id == user.id, *valid)
    return UserCard(
        platform="telegram" if user.platform == "tg" else "api",
        name=" ".join(filter(None, (user.first_name, user.last_name))),
        username=user.username,
        language=user.language_code,
        conversations=session.scalar(talks) or 0,
        facts=session.scalar(facts) or 0,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
    )
