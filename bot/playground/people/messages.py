"""Messages and pressed buttons as objects that read the world as it stands now."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.ledger import LedgerEntry
from bot.playground.emulator.render import message_json
from bot.playground.people import buttons
from bot.playground.records import Message
from bot.playground.store import Json


@dataclass(frozen=True)
class MessageHandle:
    """A message by its place; every property reads it as it stands now."""

    emu: Emulator
    chat_id: int
    id: int

    @property
    def record(self) -> Message:
        """The stored record, also of a deleted message."""
        return self.emu.world.messages[self.chat_id][self.id]

    @property
    def json(self) -> Json:
        """The message as the Bot API shows it."""
        return message_json(self.emu.world, self.record)

    @property
    def text(self) -> str:
        """Text or caption."""
        return self.record.text

    @property
    def entities(self) -> list[Json]:
        """Entities of the text or caption."""
        body = self.record.body
        return list(body.get("entities") or body.get("caption_entities") or [])

    @property
    def reply_to(self) -> int | None:
        """Id of the message that it replies to."""
        return self.record.reply_to

    @property
    def sender_id(self) -> int:
        """Who wrote it."""
        return self.record.sender_id

    @property
    def deleted(self) -> bool:
        """Whether it is gone."""
        return self.record.deleted

    @property
    def edited(self) -> bool:
        """Whether it was edited."""
        return self.record.edited is not None

    @property
    def buttons(self) -> list[Json]:
        """The inline buttons, row by row in one list."""
        rows = (self.record.keyboard or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    @property
    def entry(self) -> LedgerEntry:
        """What the bot did for this message of a person."""
        entry = self.emu.ledger.find(self.chat_id, self.id)
        if entry is None:
            raise LookupError("the ledger has no entry for this message")
        return entry


@dataclass(frozen=True)
class Press:
    """A pressed button."""

    emu: Emulator
    query_id: str

    async def answer(self, timeout: float = 5.0) -> Json:
        """The bot's answer: text, show_alert, url. Raises TimeoutError after `timeout` seconds."""
        found = await buttons.answer_of(self.emu, self.query_id, timeout)
        if found is None:
            raise TimeoutError("the bot has not answered the pressed button")
        return found

    @property
    def entry(self) -> LedgerEntry:
        """What the bot did for it."""
        entry = self.emu.ledger.query(self.query_id)
        if entry is None:
            raise LookupError("the ledger has no entry for this button")
        return entry
