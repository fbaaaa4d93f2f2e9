"""Talk as rows, a scripted model on the wire, and the extractor between them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.clock import SystemClock
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import ExtractionMark, Memory, Message
from bot.db.repositories import extraction, memories
from bot.llm import OpenAIChat, Tokens
from bot.memory import facts
from bot.memory.extraction import Extractor, Outcome
from tests.support.clock import ManualClock
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Scripted, Text
from tests.support.people import ANN, PRIVATE, Place, say, settle

USAGE = (100, 20)


def answer(*found: dict[str, Any], ended: Any = (), important: Any = (), **more: Any) -> Text:
    """A model's answer with these facts."""
    value = {"facts": list(found), "ended": list(ended), "important": list(important), **more}
    return Text(json.dumps(value, ensure_ascii=False), chunks=4, usage=USAGE)


def fact(text: str, quote: str, kind: str = "other", message: Any = 1, **more: Any) -> dict[str, Any]:
    """One fact of an answer, whole unless told otherwise."""
    usual = {"about": "self", "sensitive": False, "outdates": [], "tags": []}
    return {"text": text, "kind": kind, "message": message, "quote": quote, **usual, **more}


class Room:
    """What the tests of extraction do."""

    def __init__(self, database: Database, clock: ManualClock, llm: ScriptedLLM, model: OpenAIChat) -> None:
        self.database, self.clock, self.llm = database, clock, llm
        self.extractor = Extractor(database, model, clock, 50)

    async def say(
        self, *texts: str, person: Person = ANN, chat: ChatRef = PRIVATE, tokens: int = 20, **more: Any
    ) -> list[int]:
        """The person says something, a minute apart, and it is noted as receiving does."""

        def unit(session: Session) -> list[int]:
            place = settle(session, person, chat, self.clock.now())
            return [self._one(session, place, text, tokens, more) for text in texts]

        return await self.database.write(unit)

    def _one(self, session: Session, place: Place, text: str, tokens: int, more: dict[str, Any]) -> int:
        message = say(session, place, text, self.clock.advance(60), **{"token_count": tokens, **more})
        extraction.note_said(session, message, place.conversation, place.user.id)
        return message.id

    async def know(self, text: str, kind: str, origin: Any = "explicit", **more: Any) -> int:
        """A fact that is known already."""

        def unit(session: Session) -> int:
            place = settle(session, ANN, PRIVATE, self.clock.now())
            new = facts.NewFact(text, kind, origin=origin, **more)
            return facts.save(session, place.scope, new, 50, self.clock.advance(1)).memory_id

        return await self.database.write(unit)

    async def read(self, *steps: Scripted, person: Person = ANN, chat: ChatRef = PRIVATE) -> list[Outcome]:
        """Extract what waits, the model answering with these steps; the last, empty look is cut."""
        self.llm.script(*steps)
        place = await self.place(person, chat)
        outcomes = await self.extractor.extract_now(place.conversation.no, place.user.id)
        self.llm.assert_complete()
        return outcomes[:-1]

    async def place(self, person: Person = ANN, chat: ChatRef = PRIVATE) -> Place:
        """The person in the chat."""
        return await self.database.write(lambda s: settle(s, person, chat, self.clock.now()))

    async def rows(self) -> list[Memory]:
        """All facts there are, in any state, oldest first."""
        return await self.database.read(lambda s: list(s.scalars(select(Memory).order_by(Memory.id))))

    async def valid(self, person: Person = ANN) -> list[str]:
        """The person's valid facts, oldest first."""
        place = await self.place(person)
        rows = await self.database.read(lambda s: memories.own_valid(s, place.user.id, self.clock.now()))
        return [row.text for row in rows]

    async def mark(self, person: Person = ANN, chat: ChatRef = PRIVATE) -> ExtractionMark:
        """How far the person was read."""
        place = await self.place(person, chat)
        found = await self.database.read(
            lambda s: extraction.mark_of(s, place.conversation.no, place.user.id)
        )
        assert found is not None
        return found

    async def importance(self) -> list[float | None]:
        """Of all messages, in order."""
        return await self.database.read(
            lambda s: list(s.scalars(select(Message.importance).order_by(Message.id)))
        )

    @property
    def prompt(self) -> str:
        """What the model was shown of the last batch."""
        return str(self.llm.requests[-1].body["messages"][-1]["content"])


def dropped(outcome: Outcome) -> Counter[str]:
    """Reasons for which something was not kept."""
    assert outcome.applied is not None
    return outcome.applied.dropped


@asynccontextmanager
async def opened_room(database: Database, clock: ManualClock, dialect: str = "openai") -> AsyncIterator[Room]:
    """A room for the length of the block."""
    async with scripted_llm(dialect) as llm:
        model = OpenAIChat(
            "gpt-4o-mini", SystemClock(), Tokens("gpt-4o-mini", Path("/nonexistent")), base_url=llm.base_url,
            api_key="sk-test", timeout=5.0, backoff=0.01,
        )  # fmt: skip
        try:
            yield Room(database, clock, llm, model)
        finally:
            await model.aclose()
