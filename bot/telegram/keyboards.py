"""Buttons, and the codec of what they carry: row ids and their owner, never text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.core.messages import Notice, Person
from bot.telegram.i18n import Translator
from bot.telegram.ports import MemoryPage

Action = Literal["stop", "retry", "undo", "page", "del", "back", "group"]
ANYONE = 0
"""Owner of a button that everybody may press; what it does checks the rights itself."""

_MAX_BYTES = 64
_MOST = 2**63
_MAX_UNDO_BUTTONS = 8
_UNDO_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Press:
    """What a button says: what to do, whose it is, and the ids it is about."""

    action: Action
    owner: int
    ids: tuple[int, ...] = ()

    def pack(self) -> str:
        """As callback_data, at most 64 bytes."""
        data = ":".join(map(str, (self.action, self.owner, *self.ids)))
        if len(data) > _MAX_BYTES:
            raise ValueError(f"callback data of {len(data)} bytes")
        return data

    @classmethod
    def unpack(cls, data: str | None) -> Press | None:
        """The press behind callback_data; None for what this version does not know."""
        action, *numbers = (data or "").split(":")
        if action not in get_args(Action) or not numbers:
            return None
        try:
            owner, *ids = map(int, numbers)
        except ValueError:
            return None
        if not all(0 <= number < _MOST for number in (owner, *ids)):
            return None
        return cls(action, owner, tuple(ids))  # type: ignore[arg-type] # checked against the literal above


def owner_of(person: Person) -> int:
    """Whose buttons stand below an answer to this person; an anonymous administrator's are everybody's."""
    return int(person.external_id) if person.external_id.isdecimal() else ANYONE


def _button(text: str, press: Press) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=press.pack())


def _rows(rows: list[list[InlineKeyboardButton]]) -> InlineKeyboardMarkup | None:
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def stop_button(t: Translator, owner: int, turn_id: int) -> InlineKeyboardMarkup:
    """Stands below an answer while it is written."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(t("⏹ Stop"), Press("stop", owner, (turn_id,)))]])


def answer_buttons(
    t: Translator, owner: int, turn_id: int, *, failed: bool, notices: Sequence[Notice]
) -> InlineKeyboardMarkup | None:
    """Below a finished answer: Retry when it failed, Undo for each thing that was remembered."""
    ids = [memory_id for notice in notices for memory_id in notice.memory_ids][:_MAX_UNDO_BUTTONS]
    rows = [[_button(t("🔁 Retry"), Press("retry", owner, (turn_id,)))]] if failed else []
    undo = []
    for number, memory_id in enumerate(ids, start=1):
        text = t("↩️ Undo") if len(ids) == 1 else t("↩️ Undo {number}", number=number)
        undo.append(_button(text, Press("undo", owner, (memory_id,))))
    return _rows(rows + [undo[at : at + _UNDO_IN_A_ROW] for at in range(0, len(undo), _UNDO_IN_A_ROW)])


def without_press(markup: InlineKeyboardMarkup | None, data: str | None) -> InlineKeyboardMarkup | None:
    """The keyboard without the button that carries `data`."""
    rows = [[b for b in row if b.callback_data != data] for row in markup.inline_keyboard] if markup else []
    return _rows([row for row in rows if row])


def memory_buttons(
    t: Translator, owner: int, page: MemoryPage, deleted_id: int | None = None
) -> InlineKeyboardMarkup | None:
    """Below a page of memories: a delete button for each, undo for the one just deleted, and the way on."""
    numbered = enumerate(page.items, start=1)
    rows = [[_button(f"🗑 {number}", Press("del", owner, (item.id, page.page))) for number, item in numbered]]
    if deleted_id is not None:
        rows.append([_button(t("↩️ Undo"), Press("back", owner, (deleted_id, page.page)))])
    ways = [("‹", page.page - 1), ("›", page.page + 1)]
    rows.append([_button(text, Press("page", owner, (n,))) for text, n in ways if 0 <= n < page.pages])
    return _rows([row for row in rows if row])


def approve_buttons(t: Translator) -> InlineKeyboardMarkup:
    """Below the greeting in a group that nobody has approved yet."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                _button(t("✅ Approve this group"), Press("group", ANYONE, (1,))),
                _button(t("🚫 No"), Press("group", ANYONE, (0,))),
            ]
        ]
    )


def private_chat_button(t: Translator, username: str, payload: str) -> InlineKeyboardMarkup:
    """Leads to the private chat with the bot, which opens with /start `payload`."""
    url = f"https://t.me/{username}?start={payload}"
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=t("Open the private chat"), url=url)]]
    )
