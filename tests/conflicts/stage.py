"""Where cases are played: the real receiver, reader, tools and context, with the model on the wire."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.context.manager import ContextManager, ContextServices
from bot.context.permanent import PromptLibrary
from bot.core.clock import SystemClock
from bot.core.errors import LLMError, NotFound
from bot.core.llm import ToolCall
from bot.core.messages import ChatRef, Incoming, Person
from bot.core.scope import Scope
from bot.core.views import BotIdentity, TurnView
from bot.db.engine import Database
from bot.db.models import Memory, Turn
from bot.db.repositories import memories, people, talk
from bot.db.repositories.turn_view import ViewLimits, load_for_chat, load_for_turn
from bot.llm import OpenAIChat, Tokens
from bot.memory import proposals
from bot.memory.extraction import Extractor
from bot.memory.gates import Refused
from bot.services.access import Access, AccessRules
from bot.services.memories import Memories
from bot.settings import load_settings
from bot.tools import forget_user_fact, get_user_facts, save_user_fact, update_user_fact
from bot.tools.registry import ToolRegistry, ToolSettings
from bot.turns.receive import Receiver
from bot.turns.settling import Settling
from tests.conflicts.model import reader
from tests.conflicts.rows import rows_of, told
from tests.conflicts.script import Case, Event
from tests.support.clock import ManualClock
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.people import say, settle

TOOLS = [save_user_fact.TOOL, get_user_facts.TOOL, update_user_fact.TOOL, forget_user_fact.TOOL]
NAMES = {
    "en": {"a": "Ann", "b": "Bob", "c": "Cleo"},
    "uk": {"a": "Оксана", "b": "Богдан", "c": "Соломія"},
    "ru": {"a": "Анна", "b": "Борис", "c": "Вера"},
}
KEYS = {"save": ("text", "quote", "replaces"), "update": ("text", "quote"), "forget": ("quote", "why")}
DAY = 86_400.0
UNDO = timedelta(days=1)
CAP = 50


@dataclass
class House:
    """What all cases share; each has people and chats of its own."""

    database: Database
    clock: ManualClock
    llm: ScriptedLLM
    receiver: Receiver
    extractor: Extractor
    tools: ToolRegistry
    memories: Memories
    context: ContextServices
    number: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


@asynccontextmanager
async def opened_house(database: Database, data_dir: Path) -> AsyncIterator[House]:
    """The house on an open database."""
    clock, tokens = ManualClock(), Tokens("gpt-4o-mini", data_dir)
    access = Access(AccessRules(everyone=True), database, clock)
    settings = load_settings(env_file=None)
    settling = Settling(settings.default_timezone, tokens, lambda: "Mnema")
    async with scripted_llm() as llm:
        model = OpenAIChat(
            "gpt-4o-mini", SystemClock(), tokens, base_url=llm.base_url, api_key="sk-test", timeout=5.0,
            backoff=0.01,
        )  # fmt: skip
        context = ContextServices(
            settings=settings, clock=clock, tokens=tokens, database=database, files=None,
            identity=lambda: BotIdentity("Mnema"), prompts=PromptLibrary("default.md"),
            model=lambda: "scripted",
        )  # fmt: skip
        try:
            yield House(
                database, clock, llm, Receiver(database, clock, tokens, access, "test", settling),
                Extractor(database, model, clock, CAP), ToolRegistry(TOOLS, database, ToolSettings(CAP)),
                Memories(database, clock, CAP), context,
            )  # fmt: skip
        finally:
            await model.aclose()


class Stage:
    """One case being played."""

    def __init__(self, house: House, case: Case) -> None:
        self.house, self.case, self.id = house, case, next(house.number) * 100
        self.refused: Counter[str] = Counter()
        self._last: dict[str, str] = {}
        self._calls = itertools.count(1)

    async def play(self) -> None:
        """Everything that the script tells, in its order."""
        for event in self.case.events:
            await getattr(self, f"_{event.verb}")(event)

    def person(self, who: str) -> Person:
        """Somebody of this case."""
        names = {**NAMES[self.case.language], **self.case.names}
        return Person(str(self.id + "abc".index(who)), names[who], "", None, self.case.language)

    def chat(self, who: str, place: str) -> ChatRef:
        """The person's private chat, or a group of this case."""
        if not place:
            return ChatRef(self.person(who).external_id, "private")
        return ChatRef(f"-100{self.id + 'gh'.index(place)}", "supergroup", f"Group {place}")

    async def rows(self, who: str) -> list[Memory]:
        """All facts of a person, oldest first."""

        def unit(session: Session) -> list[Memory]:
            user = people.find_user(session, self.person(who))
            return [] if user is None else rows_of(session, user.id)

        return await self.house.database.read(unit)

    async def ends(self) -> dict[str, tuple[list[Memory], list[str]]]:
        """Everybody's facts, as rows and as lines."""

        def unit(session: Session) -> dict[str, tuple[list[Memory], list[str]]]:
            users = {who: people.find_user(session, self.person(who)) for who in "abc"}
            rows = {who: rows_of(session, user.id) if user else [] for who, user in users.items()}
            return {who: (own, told(session, own)) for who, own in rows.items()}

        return await self.house.database.read(unit)

    async def prompt(self, who: str, place: str) -> str:
        """What the person would be answered from there now."""
        chat, person, limits = self.chat(who, place), self.person(who), ViewLimits(self.house.clock.now())
        try:
            view = await self.house.database.read(lambda s: load_for_chat(s, chat, person, limits))
        except NotFound:  # they have never spoken there
            await self.house.database.write(lambda s: settle(s, person, chat, limits.now))
            view = await self.house.database.read(lambda s: load_for_chat(s, chat, person, limits))
        messages = await ContextManager.for_turn(self.house.context, view).build_context()
        return "\n".join(str(message["content"]) for message in messages)

    async def _receive(self, event: Event, addressed: Any = None) -> int | None:
        marks, number = event.marks, str(next(self.house.number) + 1_000_000)
        replied = self._last.get(f"{marks[1]}@{event.place}") if marks[:1] == ("reply",) else None
        incoming = Incoming(
            key=f"k{number}", chat=self.chat(event.who, event.place), external_id=number,
            sent_at=self.house.clock.advance(60), sender=self.person(event.who), text=event.words,
            content_type="image" if "photo" in marks else "voice" if "voice" in marks else "text",
            forwarded_from="Mallory" if "fwd" in marks else None, reply_to_external_id=replied,
            addressed=addressed,
        )  # fmt: skip
        self._last[f"{event.who}@{event.place}"] = number
        receipt = await self.house.receiver.receive(incoming)
        assert receipt.outcome in ("recorded", "answering", "queued")
        return receipt.turn_id

    async def _say(self, event: Event) -> None:
        if event.who != "bot":
            await self._receive(event)
            return

        def unit(session: Session) -> None:
            place = settle(session, self.person("a"), self.chat("a", event.place), self.house.clock.now())
            say(session, place, event.words, self.house.clock.now(), direction="outgoing", sender_id=None)

        self.house.clock.advance(60)
        await self.house.database.write(unit)

    async def _edit(self, event: Event) -> None:
        number = self._last[f"{event.who}@{event.place}"]
        sent_at = self.house.clock.advance(60)
        chat, person = self.chat(event.who, event.place), self.person(event.who)
        await self.house.receiver.edited(
            Incoming(f"e{number}", chat, number, sent_at, sender=person, text=event.words)
        )

    async def _read(self, event: Event) -> None:
        def unit(session: Session) -> tuple[int, int]:
            user = people.find_user(session, self.person(event.who))
            chat = people.find_chat(session, self.chat(event.who, event.place))
            assert user is not None
            assert chat is not None
            key = talk.scope_key(people.as_chat_ref(chat), user)
            conversation = talk.find_active(session, key)
            assert conversation is not None
            return conversation.no, user.id

        if event.verb == "read":
            self.house.llm.script(reader(event.below))
        job = await self.house.database.read(unit)
        self.house.clock.advance(60)
        try:
            outcomes = await self.house.extractor.extract_now(*job)
        except LLMError:
            self.refused["error"] += 1
            outcomes = []
        self.house.llm.assert_complete()
        for outcome in outcomes:
            self.refused.update(outcome.applied.dropped if outcome.applied else ())
            if outcome.ending not in ("read", "nothing"):
                self.refused[outcome.ending] += 1

    _silent = _read

    async def _turn(self, event: Event) -> TurnView:
        turn_id = await self._receive(event, "mention" if event.place else "private")
        assert turn_id is not None
        now = self.house.clock.now()

        def unit(session: Session) -> TurnView:
            session.get_one(Turn, turn_id).status = "done"
            return load_for_turn(session, turn_id, ViewLimits(now))

        return await self.house.database.write(unit)

    async def _ask(self, event: Event) -> None:
        view = await self._turn(event)
        for head, *rest in event.below:
            name, arguments = await self._called(view.scope, head, rest)
            call = ToolCall(f"c{next(self._calls)}", name, arguments)
            done = await self.house.tools.execute(call, view, self.house.clock.advance(1))
            self.refused["tool"] += done.failed

    async def _called(self, scope: Scope, head: str, rest: list[str]) -> tuple[str, str]:
        verb, _, first = head.partition(" ")
        if verb == "call":
            return first, " | ".join(rest)
        value: dict[str, Any] = dict(zip(KEYS[verb], rest, strict=False))
        if verb == "save":
            value["kind"] = first
        else:
            value["number"] = await self._number(scope, first)
        if "replaces" in value:
            value["replaces"] = await self._number(scope, value["replaces"])
        return f"{verb}_user_fact", json.dumps(value, ensure_ascii=False)

    async def _number(self, scope: Scope, name: str) -> int:
        if not name.startswith("~"):
            return int(name)
        now = self.house.clock.now()
        listed = await self.house.database.read(lambda s: memories.numbered(s, scope, now))
        return next(number for number, fact in listed if name[1:] in fact.text)

    async def _do(self, event: Event) -> None:
        verb, _, rest = event.words.partition(" ")
        name, _, text = (part.strip() for part in rest.partition("|"))
        desk, asker = self.house.memories, self.person(event.who)
        self.house.clock.advance(60)
        if verb in ("pause", "resume"):
            await desk.set_paused(asker, verb == "pause")
            return
        rows = await self.rows(name[0] if name[1:2] == ":" else event.who)
        word = name.partition("~")[2]
        row = next(row.id for row in rows if word in row.text)
        try:
            await self._button(desk, asker, verb, row, text)
        except Refused as refusal:
            self.refused[refusal.reason] += 1

    async def _button(self, desk: Memories, asker: Person, verb: str, row: int, text: str) -> None:
        if verb in ("pin", "edit"):
            more: Any = text if verb == "edit" else True
            done = await getattr(desk, verb)(asker, row, more)
        elif verb == "hide":
            done = await desk.set_reach(asker, row, "private")
        else:
            done = await getattr(desk, verb)(asker, row)
        self.refused["not theirs"] += not done

    async def _later(self, event: Event) -> None:
        self.house.clock.advance(int(event.who) * DAY)

    async def _purge(self, _: Event) -> None:
        now = self.house.clock.now()

        def unit(session: Session) -> None:
            memories.purge_deleted(session, now - UNDO)
            memories.purge_expired(session, now)
            memories.purge_proposed(session, now - timedelta(days=proposals.DAYS))

        await self.house.database.write(unit)
