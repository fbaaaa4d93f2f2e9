"""What the face needs of the rooms below it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.core.jobs import NewJob
from bot.core.messages import ChatRef, Incoming, Person
from bot.core.views import BotIdentity, Persona
from bot.services.accounts import ReplyTrace
from bot.services.chat_settings import PersonaFile
from bot.services.conversations import ConversationItem, ConversationPage
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import NewRecord
from bot.services.profiles import ProfileValues
from bot.services.statistics import Everybody, UserStatistics
from bot.services.talk_search import Found

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


class TalkSearch(Protocol):
    """Looks for what was said."""

    async def find(self, asker: Person, chat: ChatRef, words: str, limit: int = 10) -> Sequence[Found]:
        """The best matches that the asker may see from this chat, best first."""
        ...

    async def links(self, message_ids: Collection[int]) -> Mapping[int, str]:
        """Addresses of stored messages, where the platform has them."""
        ...


class Incognito(Protocol):
    """Conversations of which nothing is kept."""

    async def toggle(self, chat: ChatRef, asker: Person, key: str) -> Literal["begun", "ended"]:
        """Begin or end one, once for each command `key`."""
        ...


class HouseRules(Protocol):
    """Facts about the bot and rules of the house, for all chats or (with a chat) for one."""

    async def add(self, new: NewRecord, chat: ChatRef | None = None) -> MemoryItem:
        """Keep one. Raises Invalid."""
        ...

    async def list(self, chat: ChatRef | None = None) -> Sequence[MemoryItem]:
        """Those for all chats, or those of one chat alone."""
        ...

    async def delete(self, memory_id: int, chat: ChatRef | None = None) -> bool:
        """Take one away; False when there is none of that id there."""
        ...


class Conversations(Protocol):
    """The chat's conversations."""

    async def start_new(self, chat: ChatRef, asker: Person, title: str | None) -> bool:
        """Archive the conversation and start an empty one; False when it was empty already."""
        ...

    async def clear(self, chat: ChatRef, asker: Person) -> bool:
        """The same, and nothing reaches behind it."""
        ...

    async def page(self, chat: ChatRef, asker: Person, page: int, size: int = 5) -> ConversationPage:
        """A page of the place's conversations, the active one first."""
        ...

    async def find(self, chat: ChatRef, asker: Person, words: str, size: int = 5) -> ConversationPage:
        """Those in which some words are."""
        ...

    async def get(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """One of them; here and below None for what is not the place's."""
        ...

    async def open(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """Go on with one and archive the present one."""
        ...

    async def rename(self, chat: ChatRef, asker: Person, no: int, title: str) -> ConversationItem | None:
        """Give one a title."""
        ...

    async def archive(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """End one."""
        ...

    async def delete(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """Delete one; it is hidden at once."""
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


class Profiles(Protocol):
    """What people prefer."""

    async def get(self, person: Person) -> ProfileValues:
        """A person's preferences."""
        ...

    async def update(self, person: Person, **fields: Any) -> ProfileValues:
        """Change the named fields. Raises Invalid."""
        ...


class Awaiting(Protocol):
    """What people were asked to write."""

    async def ask(self, person: Person, chat: ChatRef, what: str) -> None:
        """Take the person's next message in the chat for `what`, for a while."""
        ...

    async def asked(self, person: Person, chat: ChatRef, key: str) -> str | None:
        """What the person was asked in the chat; `key` names the message that may be the answer."""
        ...

    async def answered(self, person: Person, key: str) -> None:
        """Ask no more; the message `key` stays known as the answer."""
        ...

    async def forget(self, person: Person) -> None:
        """Whatever was asked, the next message is an ordinary one."""
        ...


class ChatSettings(Protocol):
    """What holds for a whole chat."""

    def personas(self) -> Sequence[PersonaFile]:
        """The personas to choose from, the default one first."""
        ...

    async def persona(self, chat: ChatRef) -> Persona | None:
        """The persona of a chat; None for the default one."""
        ...

    async def choose_file(self, chat: ChatRef, name: str) -> None:
        """Take a persona's file. Raises Invalid."""
        ...

    async def write_words(self, chat: ChatRef, words: str) -> None:
        """Take the admin's own words. Raises Invalid."""
        ...

    async def take_back(self, chat: ChatRef) -> None:
        """The default persona again."""
        ...


class Insight(Protocol):
    """What replies knew."""

    async def trace_here(self, asker: Person, chat: ChatRef, external_id: str | None) -> ReplyTrace | None:
        """What the asker may see of the answer behind a message, or of their last one in the chat."""
        ...


class Statistics(Protocol):
    """Numbers of persons."""

    async def own(self, person: Person) -> UserStatistics:
        """The person's own."""
        ...

    async def everybody(self) -> Everybody: ...


class PickedAnswer(Protocol):
    """A pressed button as the words that it stands for."""

    @property
    def text(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def at(self) -> datetime: ...


class Dialogue(Protocol):
    """Questions that wait for an answer."""

    async def picked(
        self, person: Person, chat: ChatRef, state_id: int, number: int, stamp: int, language: str
    ) -> PickedAnswer | None:
        """What a button below a question says; None when the question is not open any more."""
        ...


class CatchUps(Protocol):
    """Tells people what they missed in a chat."""

    async def order(self, asker: Person, chat: ChatRef, key: str, language: str) -> None:
        """Let it be told in place of what was said under the key; the same key orders once."""
        ...


class Access(Protocol):
    """Who may talk to the bot."""

    async def decide(self, person: Person | None, chat: ChatRef) -> Decision:
        """Whether the bot serves this person in this chat."""
        ...

    async def is_owner(self, person: Person) -> bool:
        """Whether the bot listens to this person above all."""
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
