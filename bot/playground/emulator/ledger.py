"""The ledger: for each thing a person did, everything the bot did for it, in order and with times."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.core.ports import Clock
from bot.playground.store import Json

KEPT = 20_000
RECENT = 100
ActionKind = Literal["send", "edit", "delete", "callback_answer", "chat_action", "draft", "reaction"]


@dataclass(frozen=True)
class Action:
    """One thing that the bot did."""

    kind: ActionKind
    at: datetime
    message_id: int | None = None
    reply_to: int | None = None
    text: str = ""


@dataclass
class LedgerEntry:
    """An incoming message or pressed button, and what the bot did for it."""

    kind: Literal["message", "callback"]
    chat_id: int
    message_id: int
    from_id: int
    text: str
    at: datetime
    query_id: str = ""
    actions: list[Action] = field(default_factory=list)
    touched: float = 0.0

    def of(self, kind: ActionKind) -> list[Action]:
        """The actions of one kind."""
        return [action for action in self.actions if action.kind == kind]

    @property
    def sent(self) -> list[int]:
        """Ids of the messages that the bot sent for it."""
        return [action.message_id for action in self.of("send") if action.message_id is not None]

    @property
    def edits(self) -> int:
        """How many edits took effect."""
        return len(self.of("edit"))

    @property
    def answered(self) -> bool:
        """Whether the bot showed something lasting for it."""
        return any(action.kind in ("send", "edit") for action in self.actions)

    def json(self) -> Json:
        """The entry as the page API gives it."""
        body: Json = {name: value for name, value in vars(self).items() if name not in ("actions", "touched")}
        body["at"] = self.at.isoformat()
        body["sent"], body["edits"] = self.sent, self.edits
        body["actions"] = [{**vars(action), "at": action.at.isoformat()} for action in self.actions]
        return body


class Ledger:
    """Entries in the order in which people acted; the oldest fall out after twenty thousand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[LedgerEntry] = deque()
        self._chats: defaultdict[int, deque[LedgerEntry]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._messages: dict[tuple[int, int], LedgerEntry] = {}
        self._queries: dict[str, LedgerEntry] = {}
        self._owners: dict[tuple[int, int], LedgerEntry] = {}

    def __call__(self, chat_id: int | None = None) -> list[LedgerEntry]:
        """All entries, or those of one chat."""
        return [entry for entry in self._entries if chat_id in (None, entry.chat_id)]

    def message(self, chat_id: int, message_id: int, from_id: int, text: str) -> LedgerEntry:
        """A person wrote something."""
        return self._add(LedgerEntry("message", chat_id, message_id, from_id, text, self._clock.now()))

    def callback(self, chat_id: int, message_id: int, from_id: int, data: str, query_id: str) -> LedgerEntry:
        """A person pressed a button of a message."""
        now = self._clock.now()
        return self._add(LedgerEntry("callback", chat_id, message_id, from_id, data, now, query_id))

    def _add(self, entry: LedgerEntry) -> LedgerEntry:
        entry.touched = time.monotonic()
        self._entries.append(entry)
        self._chats[entry.chat_id].append(entry)
        if entry.kind == "message":
            self._messages[(entry.chat_id, entry.message_id)] = entry
        else:
            self._queries[entry.query_id] = entry
        if len(self._entries) > KEPT:
            old = self._entries.popleft()
            self._messages.pop((old.chat_id, old.message_id), None)
            self._queries.pop(old.query_id, None)
        return entry

    def find(self, chat_id: int, message_id: int) -> LedgerEntry | None:
        """The entry of a person's message."""
        return self._messages.get((chat_id, message_id))

    def query(self, query_id: str) -> LedgerEntry | None:
        """The entry of a pressed button."""
        return self._queries.get(query_id)

    def sent(self, chat_id: int, message_id: int, reply_to: int | None, text: str) -> None:
        """The bot sent a message: for the one it replies to, else for the latest unanswered one."""
        entry = self.find(chat_id, reply_to) if reply_to is not None else None
        entry = entry or self._latest(chat_id)
        if entry is not None:
            self._owners[(chat_id, message_id)] = entry
            self._act(entry, "send", message_id, reply_to, text)

    def changed(self, kind: Literal["edit", "delete"], chat_id: int, message_id: int, text: str = "") -> None:
        """The bot edited or deleted a message: for the button just pressed on it, else for its own entry."""
        owner = self._owners.get((chat_id, message_id))
        entry = self._pressed(chat_id, message_id) or owner
        if entry is None and kind == "delete":
            entry = self.find(chat_id, message_id)
        if entry is not None:
            self._act(entry, kind, message_id, None, text)
        if owner is not None:
            owner.touched = time.monotonic()

    def _pressed(self, chat_id: int, message_id: int) -> LedgerEntry | None:
        recent = reversed(self._chats[chat_id])
        return next((entry for entry in recent if entry.query_id and entry.message_id == message_id), None)

    def answer(self, query_id: str, text: str) -> None:
        """The bot answered a pressed button."""
        if (entry := self.query(query_id)) is not None:
            self._act(entry, "callback_answer", None, None, text)

    def passing(self, kind: Literal["chat_action", "draft"], chat_id: int, text: str) -> None:
        """The bot showed something that does not last."""
        if (entry := self._latest(chat_id)) is not None:
            self._act(entry, kind, None, None, text)

    def reaction(self, chat_id: int, message_id: int, text: str) -> None:
        """The bot reacted to a message."""
        if (entry := self.find(chat_id, message_id)) is not None:
            self._act(entry, "reaction", message_id, None, text)

    def _latest(self, chat_id: int) -> LedgerEntry | None:
        recent = self._chats[chat_id]
        waiting = (entry for entry in reversed(recent) if not entry.answered)
        return next(waiting, recent[-1] if recent else None)

    def _act(
        self, entry: LedgerEntry, kind: ActionKind, message_id: int | None, reply_to: int | None, text: str
    ) -> None:
        entry.actions.append(Action(kind, self._clock.now(), message_id, reply_to, text))
        entry.touched = time.monotonic()
