"""Making a test person: the rows of talk, facts and summaries that real use leaves, without a model."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.core.messages import Person
from bot.core.ports import TokenCounter
from bot.core.scope import Scope
from bot.db.models import Conversation, Profile, User
from bot.db.repositories import people, sessions, summaries
from bot.db.repositories.summaries import NewSummary, Place
from bot.db.repositories.testdata import APPLICATION, is_made
from bot.memory import facts
from bot.services.reach import platform_of
from bot.services.session_units import label_of
from bot.services.session_values import MessageType
from bot.services.testdata.english import ENGLISH
from bot.services.testdata.russian import RUSSIAN
from bot.services.testdata.script import Cast, Talk
from bot.services.testdata.ukrainian import UKRAINIAN

CASTS = (ENGLISH, UKRAINIAN, RUSSIAN)
MOST_PEOPLE = sum(len(cast.people) for cast in CASTS)

MARK = {"test_data": True}
"""Stands in the metadata of every conversation and message."""

_MODEL = "test data"
_BETWEEN = timedelta(seconds=40)
_DAYS = 28
_ACTIVE = 2
"""So many of a person's conversations are active, the latest."""

_CAP = 50


@dataclass(frozen=True, slots=True)
class Role:
    """A test person: which of a cast, and how much they say."""

    number: int
    messages: int

    @property
    def cast(self) -> Cast:
        """The people of their language."""
        return CASTS[self.number % len(CASTS)]

    @property
    def person(self) -> Person:
        """Who it is."""
        name, first, last = self.cast.people[self.number // len(CASTS)]
        platform = platform_of(f"test-{name}", APPLICATION)
        return Person(f"test-{name}", first, last, language_code=self.cast.language, platform=platform)

    def talks(self) -> list[tuple[Talk, Sequence[str]]]:
        """Their conversations with the lines of each, until all is said."""
        found: list[tuple[Talk, Sequence[str]]] = []
        left, at = self.messages, self.number // len(CASTS)
        while left > 0:
            talk = self.cast.talks[at % len(self.cast.talks)]
            found.append((talk, talk.lines[:left]))
            left, at = left - len(talk.lines), at + 1
        return found


@dataclass(frozen=True, slots=True)
class Made:
    """What was made."""

    users: int = 0
    conversations: int = 0
    messages: int = 0
    facts: int = 0

    def __add__(self, other: Made) -> Made:
        return Made(
            self.users + other.users,
            self.conversations + other.conversations,
            self.messages + other.messages,
            self.facts + other.facts,
        )


def make_person(session: Session, role: Role, tokens: TokenCounter, now: datetime) -> Made:
    """Make what is missing of a test person; made again, it makes nothing."""
    known = people.find_user(session, role.person) is not None
    user = people.upsert_user(session, role.person, now)
    user.application = APPLICATION
    session.flush()
    if session.get(Profile, user.id) is None:
        session.add(Profile(user_id=user.id, language=role.cast.language, updated_at=now))
    made, talks = Made(0 if known else 1), role.talks()
    for at, (talk, lines) in enumerate(talks):
        latest = len(talks) - at
        begun = now - timedelta(days=_DAYS * (latest - 1) / len(talks), hours=2 + role.number)
        id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mnema:{APPLICATION}:{user.external_id}:{at}"))
        if not is_made(session, id_):
            active = latest <= _ACTIVE
            made += _Making(session, user, tokens, now).talk(talk, lines, id_, begun, active=active)
    return made


@dataclass(frozen=True, slots=True)
class _Making:
    session: Session
    user: User
    tokens: TokenCounter
    now: datetime

    def talk(self, talk: Talk, lines: Sequence[str], id_: str, begun: datetime, *, active: bool) -> Made:
        ended = begun + _BETWEEN * (len(lines) - 1)
        more = {"last_message_at": ended, "archived_at": None if active else ended}
        row = sessions.make(
            self.session, self.user, APPLICATION, id_, begun, title=talk.title, meta=dict(MARK),
            status="active" if active else "archived", **more,
        )  # fmt: skip
        sessions.fill(self.session, row, [self._line(at, text, begun) for at, text in enumerate(lines)])
        self._summaries(row, talk, begun, ended)
        return Made(0, 1, len(lines), self._facts(row, talk, lines, begun))

    def _line(self, at: int, text: str, begun: datetime) -> dict[str, object]:
        own = at % 2 == 0
        kind = MessageType.USER if own else MessageType.AI
        return {
            "sender_id": self.user.id if own else None, "sender_label": label_of(kind, self.user),
            "direction": "incoming" if own else "outgoing", "content_type": "text", "content": text,
            "token_count": self.tokens.count(text), "meta": dict(MARK), "sent_at": begun + _BETWEEN * at,
            "processing_time_ms": None if own else 900 + 37 * len(text) % 2400,
            "reply_to": None if own else at,
        }  # fmt: skip

    def _summaries(self, row: Conversation, talk: Talk, begun: datetime, ended: datetime) -> None:
        """Made beforehand: nobody should pay a model for summing up what was made up."""
        for kind in summaries.KINDS:
            new = NewSummary(kind, talk.summary, self.tokens.count(talk.summary), begun, ended, _MODEL)
            summaries.replace(self.session, Place(row.chat_id), new, self.now)

    def _facts(self, row: Conversation, talk: Talk, lines: Sequence[str], begun: datetime) -> int:
        scope, saved = Scope(self.user.id, row.chat_id, True), 0
        for fact in talk.facts:
            if fact.line >= len(lines):
                continue
            new = facts.NewFact(
                fact.text, fact.kind, lines[fact.line], message_id(row.no, fact.line + 1),
                origin="inferred" if fact.line else "explicit", said_at=begun + _BETWEEN * fact.line,
                scope="global", tags=["test"],
            )  # fmt: skip
            saved += not facts.save(self.session, scope, new, _CAP, self.now).known
        return saved
