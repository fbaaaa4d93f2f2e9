"""The messages that carry one answer: each born small, its id stored, and only then grown by edits."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.types import InlineKeyboardMarkup
from telegramify_markdown import utf16_len

from bot.core.messages import TurnRef
from bot.telegram.ports import Turns
from bot.telegram.render import Part
from bot.telegram.writer import Writer

ACCEPTED = "?"
"""Stands for the id of a final part that Telegram took with an unreadable answer: never sent again."""

_SEED_UNITS = 80


def seed_of(part: Part) -> Part | None:
    """The first words of a long part; None for one that is short enough to be sent as it is.

    A crash between sending and storing leaves at most these words behind, never a second whole answer.
    """
    if utf16_len(part.text) <= _SEED_UNITS:
        return None
    words = part.text[: _SEED_UNITS // 2].split()
    return Part(" ".join(words[:-1] or [word[:20] for word in words]) + " …")


class Delivery:
    """Brings the messages of one answer to show its parts, in order, never one twice."""

    def __init__(self, writer: Writer, turns: Turns, turn: TurnRef, *, seeds: bool) -> None:
        self._writer = writer
        self._turns = turns
        self._turn_id = turn.turn_id
        self._ids = list(turn.delivered)
        self._shown: dict[int, tuple[Part, InlineKeyboardMarkup | None]] = {}
        self._seeds = seeds

    @property
    def started(self) -> bool:
        """Whether the reader sees anything of the answer yet."""
        return bool(self._ids)

    def adopt(self, before: Delivery) -> None:
        """Go on with the messages of an earlier attempt, if it knows of more."""
        if len(before._ids) > len(self._ids):
            self._ids, self._shown = list(before._ids), dict(before._shown)

    async def grow(self, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None) -> bool:
        """Show the answer so far; False when it cannot be shown any further before its end.

        Raises DeliveryError.
        """
        for index, part in enumerate(parts):
            below = keyboard if index == len(parts) - 1 else None
            if index < len(self._ids):
                if not await self._edit(index, part, below):
                    return False
            elif not await self._send(part, below):
                return False
        return True

    async def finish(self, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None) -> None:
        """Show the whole answer and store that it stands. Raises DeliveryError."""
        for index, part in enumerate(parts):
            below = keyboard if index == len(parts) - 1 else None
            if index < len(self._ids) and not await self._edit(index, part, below):
                # Deleted by its reader, or left behind in a group that moved: the answer is still owed.
                del self._ids[index:]
            if index >= len(self._ids):
                await self._send_final(index, part, below)
        for surplus in self._ids[len(parts) :]:
            if surplus != ACCEPTED:
                await self._writer.delete(int(surplus))
        del self._ids[len(parts) :]
        await self._note(done=True)

    async def _send_final(self, index: int, part: Part, keyboard: InlineKeyboardMarkup | None) -> None:
        seed = seed_of(part) if self._seeds else None
        if seed is not None and await self._send(seed, None) and await self._edit(index, part, keyboard):
            return
        del self._ids[index:]
        if not await self._send(part, keyboard):
            self._ids.append(ACCEPTED)
            await self._note(done=False)

    async def _send(self, part: Part, keyboard: InlineKeyboardMarkup | None) -> bool:
        message_id = await self._writer.send(part, keyboard)
        if message_id is None:
            return False
        self._shown[len(self._ids)] = (part, keyboard)
        self._ids.append(str(message_id))
        await self._note(done=False)
        return True

    async def _edit(self, index: int, part: Part, keyboard: InlineKeyboardMarkup | None) -> bool:
        if self._ids[index] == ACCEPTED or self._shown.get(index) == (part, keyboard):
            return True
        if not await self._writer.edit(int(self._ids[index]), part, keyboard):
            return False
        self._shown[index] = (part, keyboard)
        return True

    async def _note(self, *, done: bool) -> None:
        await self._turns.note_delivery(self._turn_id, tuple(self._ids), done=done)
