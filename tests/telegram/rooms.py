"""The rooms below the face, as small as its ports allow: they keep what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.core.jobs import NewJob
from bot.core.messages import ChatRef, Incoming, Person
from bot.core.views import BotIdentity
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


@dataclass(frozen=True)
class Item:
    id: int
    text: str
    said_at: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    pinned: bool = False
    private: bool = False


@dataclass(frozen=True)
class Page:
    items: tuple[Item, ...]
    page: int
    pages: int
    total: int


@dataclass
class KeptMemories:
    facts: dict[str, dict[int, Item]] = field(default_factory=dict)
    deleted: dict[str, dict[int, Item]] = field(default_factory=dict)

    def give(self, person_id: int, *texts: str) -> None:
        own = self.facts.setdefault(str(person_id), {})
        for text in texts:
            number = len(own) + 1
            own[number] = Item(number, text)

    async def page(self, asker: Person, page: int, size: int = 5) -> Page:
        items = sorted(self.facts.get(asker.external_id, {}).values(), key=lambda item: item.id)
        pages = max(1, -(-len(items) // size))
        at = min(max(page, 0), pages - 1)
        return Page(tuple(items[at * size : (at + 1) * size]), at, pages, len(items))

    async def delete(self, asker: Person, memory_id: int) -> Item | None:
        item = self.facts.get(asker.external_id, {}).pop(memory_id, None)
        if item is not None:
            self.deleted.setdefault(asker.external_id, {})[memory_id] = item
        return item

    async def restore(self, asker: Person, memory_id: int) -> Item | None:
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


@dataclass
class KeptAccess:
    decision: Decision = "allowed"
    code: str = "secret-code"
    owners: set[str] = field(default_factory=set)
    approvals: list[tuple[str, str, bool]] = field(default_factory=list)

    async def decide(self, person: Person | None, chat: ChatRef) -> Decision:
        return self.decision

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
class Below:
    """All of them together, and the queue of stored jobs."""

    turns: KeptTurns = field(default_factory=KeptTurns)
    memories: KeptMemories = field(default_factory=KeptMemories)
    conversations: KeptConversations = field(default_factory=KeptConversations)
    access: KeptAccess = field(default_factory=KeptAccess)
    chats: KeptChats = field(default_factory=KeptChats)
    jobs: list[NewJob] = field(default_factory=list)
    identity: BotIdentity | None = None

    async def enqueue(self, jobs: Sequence[NewJob]) -> None:
        known = {job.dedup_key for job in self.jobs}
        self.jobs.extend(replace(job) for job in jobs if job.dedup_key not in known)

    def on_identity(self, identity: BotIdentity) -> None:
        self.identity = identity
