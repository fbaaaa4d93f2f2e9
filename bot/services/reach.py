"""Whose data a caller of the API reaches: the one place where that is decided."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.messages import Person
from bot.core.ports import Clock
from bot.db.clean import storable
from bot.db.engine import Database
from bot.db.models import Conversation, User
from bot.db.repositories import people

Right = Literal["read", "write", "admin"]
RIGHTS: tuple[Right, ...] = ("read", "write", "admin")

DEFAULT_APPLICATION = "default"
"""The application of keys that name none, of bearer tokens, of scripts and of the open playground."""

_ID_LENGTH = 255
_TELEGRAM_DIGITS = 20
_OWN_PLATFORM = "api"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `id` names the caller in records and limits; `user_external_id` binds them to one person.

    Admin is a right that holds the others and reaches all data.
    """

    kind: Literal["key", "jwt", "local"]
    id: str
    application: str
    scopes: frozenset[str]
    user_external_id: str | None = None

    @property
    def admin(self) -> bool:
        """Whether all data is within reach."""
        return "admin" in self.scopes

    def may(self, right: Right) -> bool:
        """Whether the caller has the right."""
        return self.admin or right in self.scopes


class Reach:
    """The same rule for services that take a person."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def person(self, caller: Caller, user_id: str, *, create: bool = False) -> Person:
        """The person behind an id. Raises NotFound and Invalid, as `user_of`."""
        if not create:
            return await self._db.read(lambda s: people.as_person(user_of(s, caller, user_id)))
        now = self._clock.now()
        return await self._db.write(
            lambda s: people.as_person(user_of(s, caller, user_id, create=True, now=now))
        )


def user_of(
    session: Session, caller: Caller, user_id: str, create: bool = False, now: datetime | None = None
) -> User:
    """The user behind an id as callers write it: digits are a Telegram person, else a user of an application.

    With `create` (and `now`) the row is made at first use. Raises NotFound beyond the caller's reach, which
    is not told apart from an unknown id, and Invalid for what cannot be an id.
    """
    check_user_id(user_id)
    if not _may_name(caller, user_id):
        raise NotFound(f"user beyond the reach of {caller.id}")
    found = _find(session, caller, user_id)
    if found is not None:
        return found
    if not create:
        raise NotFound("no such user")
    if now is None:
        raise ValueError("making a user needs the time")
    return _make(session, user_id, caller.application, now)


def conversation_of(session: Session, caller: Caller, conversation_id: str) -> Conversation:
    """The conversation behind our own id or behind the caller's. Raises NotFound beyond their reach.

    Archived ones are within reach, deleted ones are not.
    """
    row = find_conversation(session, caller, conversation_id)
    if row is None:
        raise NotFound("no such conversation")
    return row


def find_conversation(session: Session, caller: Caller, conversation_id: str) -> Conversation | None:
    """The same, but None where the id is free to be used.

    Raises NotFound for somebody else's, and Invalid for what cannot be an id.
    """
    if not _writable(conversation_id, _ID_LENGTH):
        raise Invalid("not a conversation id", field="conversation_id")
    by_id = session.scalar(select(Conversation).where(Conversation.id == conversation_id))
    row = by_id or _by_external_id(session, caller, conversation_id)
    if row is None:
        return None
    if row.status == "deleted" or not _reaches(session, caller, row):
        raise NotFound(f"conversation beyond the reach of {caller.id}")
    return row


def only_as_admin(session: Session, caller: Caller, what: User | Conversation) -> bool:
    """Whether the admin's right alone lets a caller reach a user or a conversation."""
    plain = replace(caller, scopes=caller.scopes - {"admin"})
    if isinstance(what, Conversation):
        return not _reaches(session, plain, what)
    own = platform_of(what.external_id, caller.application) == what.platform
    return not (own and _may_name(plain, what.external_id))


def check_user_id(user_id: str) -> None:
    """Raises Invalid for what cannot be a user's id."""
    longest = _TELEGRAM_DIGITS if is_telegram(user_id) else _ID_LENGTH
    if not _writable(user_id, longest):
        raise Invalid("not a user id", field="user_id")


def _writable(text: str, longest: int) -> bool:
    return bool(text.strip()) and len(text) <= longest and storable(text) == text


def is_telegram(user_id: str) -> bool:
    """Whether an id means a Telegram person."""
    return user_id.isascii() and user_id.isdigit()


def platform_of(user_id: str, application: str = DEFAULT_APPLICATION) -> str:
    """The platform under which a user stands: each application has users of its own."""
    if is_telegram(user_id):
        return "tg"
    if application == DEFAULT_APPLICATION:
        return _OWN_PLATFORM
    return f"{_OWN_PLATFORM}:{hashlib.sha256(application.encode()).hexdigest()[:12]}"


def _may_name(caller: Caller, user_id: str) -> bool:
    if caller.admin:
        return True
    if caller.user_external_id is not None:
        return caller.user_external_id == user_id
    return not is_telegram(user_id)


def _find(session: Session, caller: Caller, user_id: str) -> User | None:
    own = people.find_user(session, Person(user_id, platform=platform_of(user_id, caller.application)))
    if own is not None or not caller.admin or is_telegram(user_id):
        return own
    others: Sequence[User] = session.scalars(
        select(User)
        .where(User.external_id == user_id, or_(User.platform == _OWN_PLATFORM, _of_applications()))
        .limit(2)
    ).all()
    if len(others) > 1:
        raise Invalid("several applications have a user of this id", field="user_id")
    return others[0] if others else None


def _of_applications() -> ColumnElement[bool]:
    return User.platform.startswith(f"{_OWN_PLATFORM}:")


def _make(session: Session, user_id: str, application: str, now: datetime) -> User:
    user = people.upsert_user(session, Person(user_id, platform=platform_of(user_id, application)), now)
    if user.application is None and not is_telegram(user_id):
        user.application = application
    session.flush()
    return user


def _by_external_id(session: Session, caller: Caller, external_id: str) -> Conversation | None:
    query = select(Conversation).where(
        Conversation.application == caller.application, Conversation.external_id == external_id
    )
    if caller.user_external_id is not None and not caller.admin:
        # Two persons of one application may use the same words for their own conversations.
        query = query.where(Conversation.user_id == bound_user_id(session, caller))
    return session.scalar(query.order_by(Conversation.no).limit(1))


def _reaches(session: Session, caller: Caller, row: Conversation) -> bool:
    if caller.admin:
        return True
    if caller.user_external_id is not None:
        bound = bound_user_id(session, caller)
        return bound is not None and row.user_id == bound
    return row.application == caller.application


def bound_user_id(session: Session, caller: Caller) -> int | None:
    """The person that a caller is bound to (`users.id`), None while nothing is known of them."""
    external_id = caller.user_external_id or ""
    person = Person(external_id, platform=platform_of(external_id, caller.application))
    user = people.find_user(session, person)
    return None if user is None else user.id
