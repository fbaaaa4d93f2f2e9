"""What the playground's world is made of: people, bots, chats, messages, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from bot.playground.store import Json

ChatType = Literal["private", "group", "supergroup"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
PRESENT: frozenset[str] = frozenset({"creator", "administrator", "member", "restricted"})


@dataclass(frozen=True)
class Person:
    """A human account."""

    kind: ClassVar[str] = "person"
    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    owner: bool = False
    deactivated: bool = False

    @property
    def key(self) -> str:
        return str(self.id)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class BotAccount:
    """A bot with its token, its update settings and its webhook."""

    kind: ClassVar[str] = "bot"
    id: int
    token: str
    first_name: str
    username: str
    privacy: bool = False
    next_update: int = 1
    allowed_updates: list[str] | None = None
    webhook: Json | None = None

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(frozen=True)
class Chat:
    """A private chat of a person with a bot, a group or a supergroup; statuses by user id."""

    kind: ClassVar[str] = "chat"
    id: int
    type: ChatType
    title: str = ""
    username: str = ""
    is_forum: bool = False
    person_id: int = 0
    bot_id: int = 0
    started: bool = False
    blocked: bool = False
    migrated_to: int = 0
    next_message: int = 1
    members: dict[int, Status] = field(default_factory=dict)
    topics: dict[int, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.id)

    def status(self, user_id: int) -> Status:
        """How a user stands in this chat; "left" for strangers."""
        return self.members.get(user_id, "left")

    def has(self, user_id: int) -> bool:
        """Whether a user is in this chat now."""
        return self.status(user_id) in PRESENT


@dataclass(frozen=True)
class Message:
    """One message as it stands now; `body` holds the fields of its content as the Bot API names them."""

    kind: ClassVar[str] = "message"
    chat_id: int
    id: int
    sender_id: int
    date: int
    body: Json
    from_bot: bool = False
    reply_to: int | None = None
    quote: Json | None = None
    thread_id: int | None = None
    markup: Json | None = None
    edited: int | None = None
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.chat_id}:{self.id:012d}"

    @property
    def text(self) -> str:
        """Text or caption, empty if there is none."""
        return str(self.body.get("text") or self.body.get("caption") or "")

    @property
    def keyboard(self) -> Json | None:
        """The inline keyboard, the only markup that other readers of the message see."""
        return self.markup if self.markup and "inline_keyboard" in self.markup else None


@dataclass(frozen=True)
class Query:
    """A pressed button, waiting for or holding the bot's answer."""

    kind: ClassVar[str] = "query"
    id: str
    bot_id: int
    person_id: int
    chat_id: int
    message_id: int
    data: str
    date: int
    answer: Json | None = None

    @property
    def key(self) -> str:
        return self.id


@dataclass(frozen=True)
class PendingUpdate:
    """An update that its bot has not confirmed yet."""

    kind: ClassVar[str] = "update"
    bot_id: int
    update_id: int
    date: float
    body: Json

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.update_id:012d}"


@dataclass(frozen=True)
class StoredFile:
    """A file's description; its bytes stand in the store under `path`."""

    kind: ClassVar[str] = "file"
    file_id: str
    file_unique_id: str
    path: str
    size: int
    mime: str = ""
    name: str = ""
    extra: Json = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.file_id


@dataclass(frozen=True)
class Setting:
    """A named value of a bot: commands of a scope and language, names, descriptions, menu buttons."""

    kind: ClassVar[str] = "setting"
    key: str
    value: Any


@dataclass(frozen=True)
class Draft:
    """A streamed preview in a private chat; never stored."""

    chat_id: int
    bot_id: int
    draft_id: int
    text: str
    entities: list[Json]
    thread_id: int | None
    can_stop: bool
    keep_on_stop: bool
    at: float
    stopped: bool = False


Record = Person | BotAccount | Chat | Message | Query | PendingUpdate | StoredFile | Setting
