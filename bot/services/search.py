"""Searching one's own talk, facts and documents: for /search, the command line and the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Profile
from bot.db.repositories import people
from bot.memory.hits import KINDS, Ask, Hit
from bot.memory.recall import Recall

Type = Literal["conversation", "user", "system"]
TYPES: tuple[Type, ...] = ("conversation", "user", "system")

_MOST = 100
_SPARE = 5
"""So many times the limit is asked for where results are filtered afterwards."""


@dataclass(frozen=True, slots=True)
class Found:
    """A result. `key` tells what it is ("m:12", "f:3", "s:1", "k:9"); `score` is 0–1.

    `source` is the conversation's id, the document's citation, or whose fact it is; `speaker` is the inside
    of a message's prefix, `place` the group's title.
    """

    type: Type
    key: str
    text: str
    score: float
    source: str
    created_at: datetime
    speaker: str = ""
    outgoing: bool = False
    place: str = ""


class Search:
    """Finds what the asker may see: in a group that group's, in private all that is theirs."""

    def __init__(
        self, recall: Recall, database: Database, clock: Clock, default_timezone: str = "UTC"
    ) -> None:
        self._recall = recall
        self._db = database
        self._clock = clock
        self._zone = default_timezone

    async def query(
        self,
        asker: Person,
        chat: ChatRef | None,
        text: str,
        *,
        limit: int = 10,
        types: Collection[Type] = TYPES,
        tags: Collection[str] = (),
        min_score: float = 0.0,
        conversation_id: str | None = None,
    ) -> list[Found]:
        """The best results, also from behind /clear; nothing for a person or a group that is unknown.

        `tags` keeps only what carries one of them; `conversation_id` only one conversation's messages.
        """
        if not text.strip() or limit < 1:
            return []
        scope, zone = await self._db.read(lambda s: self._scope(s, asker, chat))
        narrowed = bool(tags) or conversation_id is not None or set(types) != set(TYPES)
        most = min(limit, _MOST)
        ask = Ask(
            text, self._clock.now(), zone, limit=most * _SPARE if narrowed else most, cleared=True,
            neighbours=False, threshold=min_score,
            kinds=("message",) if conversation_id is not None else KINDS,
        )  # fmt: skip
        hits = await self._recall.search(scope, ask)
        wanted = _filter(set(types), set(tags), conversation_id)
        return [_found(hit) for hit in hits if wanted(hit)][:most]

    def _scope(self, session: Session, asker: Person, chat: ChatRef | None) -> tuple[Scope, ZoneInfo]:
        user = people.find_user(session, asker)
        profile = None if user is None else session.get(Profile, user.id)
        zone = _zone_of(profile.timezone if profile is not None else None, self._zone)
        user_id = None if user is None else user.id
        if chat is None or chat.private:
            row = None if chat is None else people.find_chat(session, chat)
            return Scope(user_id, None if row is None else row.id, private=True), zone
        row = people.find_chat(session, chat)
        return Scope(user_id, None if row is None else row.id, private=False), zone


def _filter(types: set[Type], tags: set[str], conversation_id: str | None) -> Callable[[Hit], bool]:
    def wanted(hit: Hit) -> bool:
        if conversation_id is not None and hit.source != conversation_id:
            return False
        return type_of(hit) in types and (not tags or bool(tags & set(hit.tags)))

    return wanted


def type_of(hit: Hit) -> Type:
    """Which memory a hit belongs to: that of a conversation, of a person or of the system."""
    if hit.kind in ("message", "summary"):
        return "conversation"
    if hit.kind == "fact" and hit.source in ("conversation", "system"):
        return "conversation" if hit.source == "conversation" else "system"
    return "user"


def _found(hit: Hit) -> Found:
    return Found(
        type_of(hit), hit.key, hit.text, hit.score, hit.source, hit.said_at, hit.speaker, hit.outgoing,
        hit.place,
    )  # fmt: skip


def _zone_of(name: str | None, default: str) -> ZoneInfo:
    for zone in (name, default):
        try:
            return ZoneInfo(zone or "")
        except (OSError, ValueError, LookupError):
            continue
    return ZoneInfo("UTC")
