"""What the owner tells the bot about itself and the rules of the house, for all chats or for one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.errors import Invalid
from bot.core.text import one_line
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import NewRecord
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import Press, button_rows, owner_of
from bot.telegram.privately import send_privately
from bot.telegram.render import Part

if TYPE_CHECKING:
    from bot.telegram.handlers.memory_view import View

_BOT, _HERE = ("bot", "бот"), ("here", "тут", "здесь")
_PREFIX = re.compile(rf"(?P<whose>{'|'.join((*_BOT, *_HERE))})\s*:\s*(?P<text>.*)", re.IGNORECASE | re.DOTALL)
_PAGE, _RULE_LIMIT = 5, 300


@dataclass(frozen=True, slots=True)
class House:
    """What stands behind "bot:" or (`here`) "here:"."""

    here: bool
    text: str


def house_of(words: str) -> House | None:
    """The house's part of a command's words; None for what a person says of themselves."""
    found = _PREFIX.fullmatch(words)
    return None if found is None else House(found["whose"].casefold() in _HERE, found["text"].strip())


async def keep_rule(ask: Ask, desk: Desk, house: House) -> None:
    """Keep it, if the owner says so."""
    if not await desk.access.is_owner(ask.person):
        return await ask.replier.send(ask.t("Only my owner can tell me what holds for everybody."))
    chat = ask.chat if house.here else None
    try:
        # The command may be handled twice; a rule that is there stays one.
        known = [item for item in await desk.house.list(chat) if item.text == house.text]
        item = known[0] if known else await desk.house.add(NewRecord(house.text), chat)
    except Invalid:
        return await ask.replier.send(ask.t("Write the rule behind it, at most 2000 characters."))
    text = one_line(item.text, _RULE_LIMIT)
    kept = ask.t("🏠 Kept for this chat: {text}", text=text)
    return await ask.replier.send(kept if house.here else ask.t("🏠 Kept for all chats: {text}", text=text))


async def show_rules(ask: Ask, desk: Desk, *, here: bool) -> None:
    """List them; those of one chat are shown in it."""
    items = await desk.house.list(ask.chat if here else None)
    text, keyboard = _view(ask.t, owner_of(ask.person), items, 0, here=here)
    if here:
        return await ask.replier.send(text, keyboard)
    return await send_privately(ask, desk, text, keyboard, "memories")


async def press_rule(pressed: Pressed, desk: Desk) -> Answer:
    """Take one away (id 0: none) and show a page of what is left."""
    memory_id, number, here = pressed.press.ids
    if not await desk.access.is_owner(pressed.person):
        return Answer(pressed.t("error.not_allowed"), alert=True)
    chat = pressed.chat if here else None
    gone = bool(memory_id) and await desk.house.delete(memory_id, chat)
    items = await desk.house.list(chat)
    text, keyboard = _view(pressed.t, pressed.press.owner, items, number, here=bool(here))
    await desk.writer(pressed.chat).edit(pressed.message.message_id, text, keyboard)
    if not memory_id:
        return Answer()
    return Answer(pressed.t("It is gone.") if gone else pressed.t("That is forgotten already."))


def _view(t: Translator, owner: int, items: Sequence[MemoryItem], number: int, *, here: bool) -> View:
    head = t("🏠 What holds in this chat:") if here else t("🏠 What holds in all chats:")
    if not items:
        nothing = t(
            "Nothing yet. For example: /remember {word}: Answer briefly.", word="here" if here else "bot"
        )
        return Part(f"{head}\n\n{nothing}"), None
    pages = -(-len(items) // _PAGE)
    at = min(number, pages - 1)
    shown = list(enumerate(items[at * _PAGE : (at + 1) * _PAGE], start=at * _PAGE + 1))
    lines = [f"{n}. {one_line(item.text, _RULE_LIMIT)}" for n, item in shown]
    delete = [(f"🗑 {n}", Press("rule", owner, (item.id, at, int(here)))) for n, item in shown]
    ways = [(sign, n) for sign, n in (("‹", at - 1), ("›", at + 1)) if 0 <= n < pages]
    turn = [(sign, Press("rule", owner, (0, n, int(here)))) for sign, n in ways]
    return Part("\n".join([head, "", *lines])), button_rows([delete, turn])
