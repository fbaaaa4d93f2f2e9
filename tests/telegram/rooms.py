"""The rooms below the face, as small as its ports allow: they keep what they were told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from bot.core.jobs import NewJob
from bot.core.messages import ChatRef, Incoming, Person
from bot.core.views import BotIdentity, Persona
from bot.services.accounts import ReplyTrace
from bot.services.chat_settings import PersonaFile
from bot.services.conversations import ConversationItem, ConversationPage
from bot.services.memories import Memories
from bot.services.memory_items import MemoryItem, MemoryPage
from bot.services.memory_records import NewRecord
from bot.services.profiles import ProfileValues
from bot.services.talk_search import Found
from bot.telegram.ports import Decision, Outcome


@dataclass(frozen=True)
class Receipt:
    outcome: Outcome
    language: str = "en"


@dataclass
class KeptTurns:
    outcome: Outcome = "recorded"
    received: list[Incoming] = field(default_factory=list)
    edits: list[Incoming] = field(default_factory=list)
    stops: list[tuple[ChatRef, Person]] = field(default_factory=list)
    left: list[ChatRef] = field(default_factory=list)
    running: int = 0
    retryable: set[int] = field(default_factory=set)
    notes: list[tuple[int, tuple[str, ...], bool]] = field(default_factory=list)
    replies: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def receive(self, incoming: Incoming) -> Receipt:
        self.received.append(incoming)
        return Receipt(self.outcome)

    async def edited(self, incoming: Incoming) -> None:
        self.edits.append(incoming)

    async def stop(self, chat: ChatRef, person: Person) -> int:
        self.stops.append((chat, person))
        return self.running

    async def leave(self, chat: ChatRef) -> int:
        self.left.append(chat)
        return self.running

    async def retry(self, turn_id: int, person: Person) -> bool:
        return turn_id in self.retryable

    async def note_delivery(self, turn_id: int, external_ids: tuple[str, ...], *, done: bool) -> None:
        self.notes.append((turn_id, external_ids, done))

    async def reply_state(self, key: str) -> tuple[str, ...] | None:
        return self.replies.get(key)

    async def note_reply(self, key: str, chat: ChatRef, external_ids: tuple[str, ...]) -> None:
        self.replies[key] = external_ids

    def delivered(self) -> tuple[str, ...]:
        """What a restarted process would read."""
        return self.notes[-1][1] if self.notes else ()


SAID = datetime(2026, 3, 1, tzinfo=UTC)


class KeptMemories(Memories):
    """The list and its deletions; everything else needs the real one."""

    def __init__(self) -> None:
        self.facts: dict[str, dict[int, MemoryItem]] = {}
        self.deleted: dict[str, dict[int, MemoryItem]] = {}

    def give(self, person_id: int, *texts: str) -> None:
        own = self.facts.setdefault(str(person_id), {})
        for text in texts:
            number = len(own) + 1
            own[number] = MemoryItem(number, text, "other", SAID, pinned=False, private=False)

    async def page(
        self, asker: Person, page: int, size: int = 5, *, search: str = "", archived: bool = False
    ) -> MemoryPage:
        own = {} if archived else self.facts.get(asker.external_id, {})
        items = sorted(own.values(), key=lambda item: item.id)
        pages = max(1, -(-len(items) // size))
        at = min(max(page, 0), pages - 1)
        return MemoryPage(tuple(items[at * size : (at + 1) * size]), at, pages, len(items))

    async def proposals(self, asker: Person) -> list[MemoryItem]:
        return []

    async def delete(self, asker: Person, memory_id: int) -> MemoryItem | None:
        item = self.facts.get(asker.external_id, {}).pop(memory_id, None)
        if item is not None:
            self.deleted.setdefault(asker.external_id, {})[memory_id] = item
        return item

    async def restore(self, asker: Person, memory_id: int) -> MemoryItem | None:
        item = self.deleted.get(asker.external_id, {}).pop(memory_id, None)
        if item is not None:
            self.facts[asker.external_id][memory_id] = item
        return item


@dataclass
class KeptConversations:
    calls: list[tuple[str, ChatRef, Person, str | None]] = field(default_factory=list)
    had_messages: bool = True

    async def start_new(self, chat: ChatRef, asker: Person, title: str | None) -> bool:
        self.calls.append(("new", chat, asker, title))
        return self.had_messages

    async def clear(self, chat: ChatRef, asker: Person) -> bool:
        self.calls.append(("clear", chat, asker, None))
        return self.had_messages

    async def page(self, chat: ChatRef, asker: Person, page: int, size: int = 5) -> ConversationPage:
        return ConversationPage((), 0, 1, 0)

    async def find(self, chat: ChatRef, asker: Person, words: str, size: int = 5) -> ConversationPage:
        return ConversationPage((), 0, 1, 0)

    async def get(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        return None

    async def open(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        return None

    async def rename(self, chat: ChatRef, asker: Person, no: int, title: str) -> ConversationItem | None:
        return None

    async def archive(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        return None

    async def delete(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        return None


@dataclass
class KeptAccess:
    decision: Decision = "allowed"
    code: str = "secret-code"
    owners: set[str] = field(default_factory=set)
    approvals: list[tuple[str, str, bool]] = field(default_factory=list)

    async def decide(self, person: Person | None, chat: ChatRef) -> Decision:
        return self.decision

    async def is_owner(self, person: Person) -> bool:
        return person.external_id in self.owners

    async def claim(self, code: str, person: Person) -> bool:
        if code != self.code:
            return False
        self.owners.add(person.external_id)
        self.decision = "allowed"
        return True

    async def approve(self, chat: ChatRef, person: Person, approved: bool) -> bool:
        if person.external_id not in self.owners:
            return False
        self.approvals.append((chat.external_id, person.external_id, approved))
        return True

    async def language(self, person: Person) -> str:
        return person.language_code or "en"


@dataclass
class KeptChats:
    topics: dict[tuple[str, int], str] = field(default_factory=dict)
    members: list[tuple[str, str, bool]] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    async def topic_named(self, chat: ChatRef, topic_id: int, title: str) -> None:
        self.topics[chat.external_id, topic_id] = title

    async def member_changed(self, chat: ChatRef, person: Person, *, inside: bool) -> None:
        self.members.append((chat.external_id, person.external_id, inside))

    async def counted(self, chat: ChatRef, members: int) -> None:
        self.counts[chat.external_id] = members

    async def became_supergroup(self, platform: str, old: str, new: str) -> bool:
        self.moves.append((old, new))
        return True


@dataclass
class KeptProfiles:
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def get(self, person: Person) -> ProfileValues:
        return ProfileValues(**self.values.get(person.external_id, {}))

    async def update(self, person: Person, **fields: Any) -> ProfileValues:
        self.values.setdefault(person.external_id, {}).update(fields)
        return await self.get(person)


@dataclass
class KeptAwaiting:
    questions: dict[str, str] = field(default_factory=dict)

    async def ask(self, person: Person, chat: ChatRef, what: str) -> None:
        self.questions[person.external_id] = what

    async def asked(self, person: Person, chat: ChatRef, key: str) -> str | None:
        return self.questions.get(person.external_id)

    async def answered(self, person: Person, key: str) -> None:
        self.questions.pop(person.external_id, None)

    async def forget(self, person: Person) -> None:
        self.questions.pop(person.external_id, None)


@dataclass
class KeptChatSettings:
    files: dict[str, str] = field(default_factory=dict)

    def personas(self) -> Sequence[PersonaFile]:
        return [PersonaFile("default.md", "Default", True), PersonaFile("casual.md", "Casual", False)]

    async def persona(self, chat: ChatRef) -> Persona | None:
        name = self.files.get(chat.external_id)
        return None if name is None else Persona(file=name)

    async def choose_file(self, chat: ChatRef, name: str) -> None:
        self.files[chat.external_id] = name

    async def write_words(self, chat: ChatRef, words: str) -> None:
        raise NotImplementedError

    async def take_back(self, chat: ChatRef) -> None:
        self.files.pop(chat.external_id, None)


class KeptInsight:
    async def trace_here(self, asker: Person, chat: ChatRef, external_id: str | None) -> ReplyTrace | None:
        return None


class NoSearch:
    async def find(self, asker: Person, chat: ChatRef, words: str, limit: int = 10) -> Sequence[Found]:
        return ()

    async def links(self, message_ids: Collection[int]) -> Mapping[int, str]:
        return {}


class NoIncognito:
    async def toggle(self, chat: ChatRef, asker: Person, key: str) -> Literal["begun", "ended"]:
        raise NotImplementedError


class NoHouse:
    async def add(self, new: NewRecord, chat: ChatRef | None = None) -> MemoryItem:
        raise NotImplementedError

    async def list(self, chat: ChatRef | None = None) -> Sequence[MemoryItem]:
        return ()

    async def delete(self, memory_id: int, chat: ChatRef | None = None) -> bool:
        return False


@dataclass
class Below:
    """All of them together, and the queue of stored jobs."""

    turns: KeptTurns = field(default_factory=KeptTurns)
    memories: KeptMemories = field(default_factory=KeptMemories)
    conversations: KeptConversations = field(default_factory=KeptConversations)
    access: KeptAccess = field(default_factory=KeptAccess)
    chats: KeptChats = field(default_factory=KeptChats)
    profiles: KeptProfiles = field(default_factory=KeptProfiles)
    awaiting: KeptAwaiting = field(default_factory=KeptAwaiting)
    chat_settings: KeptChatSettings = field(default_factory=KeptChatSettings)
    insight: KeptInsight = field(default_factory=KeptInsight)
    search: NoSearch = field(default_factory=NoSearch)
    incognito: NoIncognito = field(default_factory=NoIncognito)
    house: NoHouse = field(default_factory=NoHouse)
    jobs: list[NewJob] = field(default_factory=list)
    identity: BotIdentity | None = None

    async def enqueue(self, jobs: Sequence[NewJob]) -> None:
        known = {job.dedup_key for job in self.jobs}
        self.jobs.extend(replace(job) for job in jobs if job.dedup_key not in known)

    def on_identity(self, identity: BotIdentity) -> None:
        self.identity = identity
