"""Whose documents are meant: a person's, a group's, or those of a user whom a caller of the API names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.db.repositories import people
from bot.db.repositories.knowledge import Owner
from bot.services import reach

Whose = Callable[[Session, datetime | None], Owner]
"""Finds the owner inside a unit of work; given the time, it may make the row of somebody new."""


def of_person(person: Person) -> Whose:
    """A person's own documents."""

    def find(session: Session, now: datetime | None) -> Owner:
        user = people.find_user(session, person) if now is None else people.upsert_user(session, person, now)
        session.flush()
        return Owner(user_id=None if user is None else user.id)

    return find


def of_group(chat: ChatRef) -> Whose:
    """The documents of a group."""

    def find(session: Session, _now: datetime | None) -> Owner:
        row = people.find_chat(session, chat)
        return Owner(chat_id=None if row is None else row.id)

    return find


def of_caller(caller: reach.Caller, user_id: str) -> Whose:
    """The documents of the user whom a caller of the API names. Raises NotFound beyond their reach."""

    def find(session: Session, now: datetime | None) -> Owner:
        return Owner(user_id=reach.user_of(session, caller, user_id, now is not None, now).id)

    return find


def of_owner(owner: Owner) -> Whose:
    """An owner who is known already."""
    return lambda _session, _now: owner
