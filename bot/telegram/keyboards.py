"""Buttons, and the codec of what they carry: row ids and their owner, never text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.core.messages import Notice, Person
from bot.core.text import one_line
from bot.services.dialogue.pending import QUESTIONS
from bot.services.knowledge import DocumentPage
from bot.telegram.i18n import Translator

Action = Literal[
    "stop", "retry", "choose", "group", "docs", "docdel", "set", "pick",
    "undo", "page", "del", "back", "card", "edit", "pin", "reach", "wrong", "revert", "archive", "unarchive",
    "keep", "nope", "waiting", "yes", "no", "forget", "unforget", "all", "cancel", "rule",
    "talks", "talk", "talkopen", "talkend", "talkname", "talkdel", "talkgone",
    "erase",
]  # fmt: skip
ANYONE = 0
"""Owner of a button that everybody may press; what it does checks the rights itself."""

_MAX_BYTES = 64
_MOST = 2**63
_MAX_UNDO_BUTTONS = 8
_UNDO_IN_A_ROW = 3
_OPTION = 60


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
    """Below a finished answer: Retry when it failed, Undo for each thing that was remembered, and the
    question of what waits for its owner's word.
    """
    rows = [[_button(t("🔁 Retry"), Press("retry", owner, (turn_id,)))]] if failed else []
    rows += [row for notice in notices for row in _question_rows(t, owner, notice)]
    undo = [
        _button(text, Press("undo", owner, (memory_id,)))
        for text, memory_id in _numbered(t("↩️ Undo"), t("↩️ Undo {number}"), notices, proposed=False)
    ]
    asked = [
        _button(text, Press("keep", owner, (memory_id,)))
        for text, memory_id in _numbered(t("✅ Remember"), t("✅ Remember {number}"), notices, proposed=True)
    ]
    for yes in asked:
        press = Press.unpack(yes.callback_data)
        rows.append([yes, _button(t("✖️ No"), Press("nope", owner, press.ids if press else ()))])
    return _rows(rows + [undo[at : at + _UNDO_IN_A_ROW] for at in range(0, len(undo), _UNDO_IN_A_ROW)])


def _question_rows(t: Translator, owner: int, notice: Notice) -> list[list[InlineKeyboardButton]]:
    """The buttons that answer a pending question; they name its state as it was asked."""
    if notice.kind not in QUESTIONS:
        return []
    state_id, stamp = notice.memory_ids

    def press(number: int) -> Press:
        return Press("choose", owner, (state_id, number, stamp))

    if notice.kind == "confirm":
        return [[_button(t("✅ Yes"), press(1)), _button(t("✖️ No"), press(0))]]
    texts = notice.text.splitlines()
    return [[_button(one_line(text, _OPTION), press(number))] for number, text in enumerate(texts)]


def _numbered(one: str, many: str, notices: Sequence[Notice], *, proposed: bool) -> list[tuple[str, int]]:
    """What to write on the buttons of things that were kept, or only proposed, and their ids."""
    kept = [notice for notice in notices if notice.kind not in QUESTIONS]
    ids = [id_ for notice in kept if (notice.kind == "proposed") == proposed for id_ in notice.memory_ids]
    ids = ids[:_MAX_UNDO_BUTTONS]
    if len(ids) == 1:
        return [(one, ids[0])]
    return [(many.replace("{number}", str(number)), id_) for number, id_ in enumerate(ids, start=1)]


def without_press(markup: InlineKeyboardMarkup | None, data: str | None) -> InlineKeyboardMarkup | None:
    """The keyboard without the button that carries `data`."""
    rows = [[b for b in row if b.callback_data != data] for row in markup.inline_keyboard] if markup else []
    return _rows([row for row in rows if row])


def document_buttons(owner: int, page: DocumentPage) -> InlineKeyboardMarkup | None:
    """Below a page of documents: a delete button for each, and the way on."""
    numbered = enumerate(page.items, start=1)
    rows = [
        [_button(f"🗑 {number}", Press("docdel", owner, (item.id, page.page))) for number, item in numbered]
    ]
    ways = [("‹", page.page - 1), ("›", page.page + 1)]
    rows.append([_button(text, Press("docs", owner, (n,))) for text, n in ways if 0 <= n < page.pages])
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


def forget_buttons(t: Translator, owner: int) -> InlineKeyboardMarkup:
    """Below the question whether to forget somebody altogether."""
    yes = _button(t("🗑 Yes, forget me"), Press("erase", owner, (1,)))
    return InlineKeyboardMarkup(inline_keyboard=[[yes, _button(t("No"), Press("erase", owner, (0,)))]])


def private_chat_button(t: Translator, username: str, payload: str) -> InlineKeyboardMarkup:
    """Leads to the private chat with the bot, which opens with /start `payload`."""
    url = f"https://t.me/{username}?start={payload}"
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=t("Open the private chat"), url=url)]]
    )


def setting_buttons(rows: Sequence[Sequence[tuple[str, Press]]]) -> InlineKeyboardMarkup | None:
    """Below a card of settings: its sections, or the choices of one."""
    return button_rows(rows)


def button_rows(rows: Sequence[Sequence[tuple[str, Press]]]) -> InlineKeyboardMarkup | None:
    """Buttons row by row, each by what stands on it and what it does; empty rows are left out."""
    return _rows([[_button(text, press) for text, press in row] for row in rows if row])


def presses(markup: InlineKeyboardMarkup | None, *actions: Action) -> list[Press]:
    """What the buttons of a message with one of these actions do, in their order."""
    rows = markup.inline_keyboard if markup is not None else []
    found = [Press.unpack(button.callback_data) for row in rows for button in row]
    return [press for press in found if press is not None and press.action in actions]


def with_press(
    markup: InlineKeyboardMarkup | None, data: str, text: str, press: Press
) -> InlineKeyboardMarkup | None:
    """The keyboard with another button in the place of the one that carries `data`."""
    new, rows = _button(text, press), markup.inline_keyboard if markup is not None else []
    return _rows([[new if button.callback_data == data else button for button in row] for row in rows])
