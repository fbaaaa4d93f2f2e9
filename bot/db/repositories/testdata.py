"""Rows of test data, found by their mark: the application that made them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.core.messages import Person
from bot.db.models import Conversation, User
from bot.db.repositories.people import as_person

APPLICATION = "test-data"
"""Nobody else's: what belongs to it was made up."""


def people_of(session: Session) -> Sequence[Person]:
    """The test people."""
    rows = session.scalars(select(User).where(User.application == APPLICATION).order_by(User.id))
    return [as_person(user) for user in rows]


def real_people(session: Session) -> int:
    """How many people there are beside them."""
    others = or_(User.application.is_(None), User.application != APPLICATION)
    return session.scalar(select(func.count()).select_from(User).where(others)) or 0


def is_made(session: Session, conversation_id: str) -> bool:
    """Whether a conversation is there already."""
    return session.scalar(select(Conversation.no).where(Conversation.id == conversation_id)) is not None
