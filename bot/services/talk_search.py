"""/search: who said what, as far as the asker may see it from where they ask, with the way there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.core.text import one_line
from bot.db.engine import Database
from bot.db.repositories import insight, people
from bot.memory.hits import Ask, Hit, Kind
from bot.memory.lexing import query_terms
from bot.memory.recall import Recall
from bot.services.links import message_link

SNIPPET = 160
"""Characters of a message that are shown."""

_WIDE = 3
"""So many times the wanted number is looked at: neighbours of a hit come with it and are left out."""


_MESSAGES: tuple[Kind, ...] = ("message",)


@dataclass(frozen=True, slots=True)
class Found:
    """A message: when it was said (in the asker's zone), by whom and in which chat, the words around the
    first match, and its address where the platform has one. `place` is empty in private.
    """

    said_at: datetime
    speaker: str
    outgoing: bool
    place: str
    text: str
    link: str | None


class TalkSearch:
    """Searches what was said; also behind /clear, which only keeps it from being recalled unasked."""

    def __init__(self, database: Database, clock: Clock, recall: Recall, default_zone: str) -> None:
        self._db = database
        self._clock = clock
        self._recall = recall
        self._zone = default_zone

    async def find(self, asker: Person, chat: ChatRef, words: str, limit: int = 10) -> Sequence[Found]:
        """The best matches, best first: of this group, or in private of everything the asker can see."""
        scope, zone = await self._db.read(lambda s: self._asking(s, asker, chat))
        ask = Ask(
            words, self._clock.now(), zone, limit=limit * _WIDE, kinds=_MESSAGES, cleared=True,
            strictly=True,
        )  # fmt: skip
        hits = await self._recall.search(scope, ask)
        wanted = set(query_terms(words))
        telling = [hit for hit in hits if wanted & set(query_terms(hit.text))] or hits
        return await self._db.read(lambda s: _shown(s, telling[:limit], wanted, zone))

    async def links(self, message_ids: Collection[int]) -> dict[int, str]:
        """Addresses of messages by their ids here, where the platform has them."""
        spoken = await self._db.read(lambda s: insight.spoken(s, message_ids))
        links = {
            id_: message_link(people.as_chat_ref(said.chat), said.external_id) for id_, said in spoken.items()
        }
        return {id_: link for id_, link in links.items() if link is not None}

    def _asking(self, session: Session, asker: Person, chat: ChatRef) -> tuple[Scope, ZoneInfo]:
        user, place = people.find_user(session, asker), people.find_chat(session, chat)
        zone = people.profile_of(session, user.id).timezone if user is not None else None
        user_id, chat_id = user.id if user is not None else None, place.id if place is not None else None
        return Scope(user_id, chat_id, chat.private), ZoneInfo(zone or self._zone)


def _shown(session: Session, hits: Sequence[Hit], wanted: set[str], zone: ZoneInfo) -> list[Found]:
    spoken = insight.spoken(session, {hit.id for hit in hits})
    found = []
    for hit in hits:
        said = spoken.get(hit.id)
        if said is not None:
            link = message_link(people.as_chat_ref(said.chat), said.external_id)
            text = around(hit.text, wanted)
            speaker = hit.speaker.rpartition(" (")[0] or hit.speaker
            found.append(Found(hit.said_at.astimezone(zone), speaker, hit.outgoing, hit.place, text, link))
    return found


def around(text: str, wanted: set[str]) -> str:
    """The words of a text around the first one of the wanted stems, on one line."""
    line = one_line(text, len(text) + 1)
    if len(line) <= SNIPPET:
        return line
    at = start = 0
    for word in line.split(" "):
        if wanted & set(query_terms(word)):
            start = max(0, at - SNIPPET // 3)
            break
        at += len(word) + 1
    begin = line.rfind(" ", 0, start) + 1
    return ("…" if begin else "") + one_line(line[begin:], SNIPPET)
