"""What the face needs of the rooms below it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from bot.core.jobs import NewJob
from bot.core.messages import ChatRef, Incoming, Person
from bot.core.views import BotIdentity

Decision = Literal["allowed", "stranger", "group_pending"]
Outcome = Literal["answering", "queued", "recorded", "duplicate", "stranger", "group_pending"]

Enqueue = Callable[[Sequence[NewJob]], Awaitable[None]]
"""Stores jobs and returns when they are committed; a known dedup key is stored once."""

OnIdentity = Callable[[BotIdentity], None]
"""Told once who the bot is, before the first update is handled."""


class Receipt(Protocol):
    """What became of a received message, and the language to speak to its sender."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def language(self) -> str: ...


class Turns(Protocol):
    """The flow of turns."""

    async def receive(self, incoming: Incoming) -> Receipt:
        """Record a message, and make or extend a turn when the bot is meant."""
        ...

    async def edited(self, incoming: Incoming) -> None:
        """Record a new version of a message."""
        ...

    async def stop(self, chat: ChatRef, person: Person) -> int:
        """Halt the person's answers in a chat at once; how many were halted."""
        ...

    async def leave(self, chat: ChatRef) -> int:
        """Halt all answers in a chat that the bot was sent away from; how many were halted."""
        ...

    async def retry(self, turn_id: int, person: Person) -> bool:
        """Answer a failed turn again; False when it is not the person's, not failed or already running."""
        ...

    async def note_delivery(self, turn_id: int, external_ids: tuple[str, ...], *, done: bool) -> None:
        """Store durably which messages carry the answer."""
        ...

    async def reply_state(self, key: str) -> tuple[str, ...] | None:
        """Ids of the messages sent under a key, None when nothing was."""
        ...

    async def note_reply(self, key: str, chat: ChatRef, external_ids: tuple[str, ...]) -> None:
        """Store durably what was sent under a key."""
        ...


class MemoryItem(Protocol):
    """One remembered fact as its owner sees it."""

    @property
    def id(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def said_at(self) -> datetime: ...

    @property
    def pinned(self) -> bool: ...

    @property
    def private(self) -> bool: ...


class MemoryPage(Protocol):
    """A page of facts; `page` counts from 0 and is clamped to what exists."""

    @property
    def items(self) -> Sequence[MemoryItem]: ...

    @property
    def page(self) -> int: ...

    @property
    def pages(self) -> int: ...

    @property
    def total(self) -> int: ...


class Memories(Protocol):
    """The asker's own facts."""

    async def page(self, asker: Person, page: int, size: int = 5) -> MemoryPage:
        """One page of the asker's facts, newest first."""
        ...

    async def delete(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Delete a fact; None when it is gone or not the asker's."""
        ...

    async def restore(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Bring a deleted fact back; None when it cannot be."""
        ...


class Conversations(Protocol):
    """The chat's conversations."""

    async def start_new(self, chat: ChatRef, asker: Person, title: str | None) -> bool:
        """Archive the conversation and start an empty one; False when it was empty already."""
        ...

    async def clear(self, chat: ChatRef, asker: Person) -> bool:
        """The same, and nothing reaches behind it."""
        ...


class Chats(Protocol):
    """What happens to chats themselves."""

    async def topic_named(self, chat: ChatRef, topic_id: int, title: str) -> None:
        """A topic was opened or got another name."""
        ...

    async def member_changed(self, chat: ChatRef, person: Person, *, inside: bool) -> None:
        """Somebody came or went."""
        ...

    async def counted(self, chat: ChatRef, members: int) -> None:
        """An approved group has so many members, the bot included."""
        ...

    async def became_supergroup(self, platform: str, old: str, new: str) -> bool:
        """A group goes on under a new id; False when that is known already."""
        ...


class Access(Protocol):
    """Who may talk to the bot."""

    async def decide(self, person: Person | None, chat: ChatRef) -> Decision:
        """Whether the bot serves this person in this chat."""
        ...

    async def claim(self, code: str, person: Person) -> bool:
        """Redeem a start code; True when the person may talk to the bot from now on."""
        ...

    async def approve(self, chat: ChatRef, person: Person, approved: bool) -> bool:
        """Approve or refuse a group; False when the person may not decide that."""
        ...

    async def language(self, person: Person) -> str:
        """The language to speak to a person."""
        ...
