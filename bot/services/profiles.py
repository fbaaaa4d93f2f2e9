"""What a person prefers: how to be answered, in which zone and language, and whether notices are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.messages import Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Profile
from bot.db.repositories import people
from bot.db.upsert import insert_new
from bot.services.preferences import checked

_NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class ProfileValues:
    """A person's preferences; None where they said nothing. `notices`: whether "remembered" is shown."""

    communication_style: str = "neutral"
    response_length: str = "medium"
    language: str | None = None
    pronouns: str | None = None
    timezone: str | None = None
    relevance_threshold: float = 0.3
    notices: bool = True


class Profiles:
    """Reads and changes preferences; all values are checked here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def get(self, person: Person) -> ProfileValues:
        """A person's preferences; the defaults for somebody unknown."""

        def unit(session: Session) -> ProfileValues:
            user = people.find_user(session, person)
            return ProfileValues() if user is None else get_in(session, user.id)

        return await self._db.read(unit)

    async def update(self, person: Person, **fields: Any) -> ProfileValues:
        """Change the named fields, None takes one back to its default. Raises Invalid (see `checked`)."""
        values, now = checked(fields), self._clock.now()

        def unit(session: Session) -> ProfileValues:
            return update_in(session, people.upsert_user(session, person, now).id, values, now)

        return await self._db.write(unit)


def get_in(session: Session, user_id: int) -> ProfileValues:
    """The preferences of a stored person, inside a unit of work."""
    return _values(session.get(Profile, user_id))


def update_in(session: Session, user_id: int, values: Mapping[str, Any], now: datetime) -> ProfileValues:
    """Change `checked` fields of a stored person, inside a unit of work."""
    row = own_row(session, user_id, now)
    for name, value in values.items():
        if name == "notices":
            row.preferences = row.preferences | {_NOTICES: value is not False}
        else:
            setattr(row, name, value)
    row.updated_at = now
    session.flush()
    return _values(row)


def wants_notices(session: Session, user_id: int) -> bool:
    """Whether a person wants to read what was remembered below each answer."""
    return get_in(session, user_id).notices


def _values(row: Profile | None) -> ProfileValues:
    if row is None:
        return ProfileValues()
    return ProfileValues(
        communication_style=row.communication_style or "neutral",
        response_length=row.response_length or "medium",
        language=row.language,
        pronouns=row.pronouns,
        timezone=row.timezone,
        relevance_threshold=0.3 if row.relevance_threshold is None else row.relevance_threshold,
        notices=row.preferences.get(_NOTICES) is not False,
    )


def own_row(session: Session, user_id: int, now: datetime) -> Profile:
    """The profile, made at first need and locked: two changes at a time must not lose each other."""
    while (row := session.get(Profile, user_id, with_for_update=True)) is None:
        insert_new(
            session, Profile, [{"user_id": user_id, "preferences": {}, "updated_at": now}], ["user_id"]
        )
    return row


def prefer_in(session: Session, user_id: int, changes: Mapping[str, Any], now: datetime) -> None:
    """Change single entries of the free part of a profile; None takes one out."""
    row = own_row(session, user_id, now)
    kept = row.preferences | dict(changes)
    row.preferences = {name: value for name, value in kept.items() if value is not None}
    row.updated_at = now
