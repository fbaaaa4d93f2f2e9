"""The buttons of /memories and of what stands below an answer that kept something."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import InlineKeyboardMarkup, Message

from bot.core.text import one_line
from bot.memory.gates import Refused
from bot.services.memory_items import MemoryItem
from bot.telegram.desk import Desk
from bot.telegram.handlers.memory_view import (
    View,
    archive_view,
    card_view,
    edit_view,
    list_view,
    waiting_view,
)
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.keyboards import Action, Press, with_press, without_press
from bot.telegram.session import redacted
from bot.telegram.wording import refusal_line

if TYPE_CHECKING:
    from bot.telegram.handlers.typed import Result, Typed

log = logging.getLogger(__name__)

FACT = "fact"
"""What a person is asked for who rewords a fact; its id and the page follow."""


async def undo(pressed: Pressed, desk: Desk) -> Answer:
    """Forget what an answer has kept."""
    item = await desk.memories.delete(pressed.person, pressed.press.ids[0])
    if isinstance(pressed.message, Message):
        await set_buttons(pressed.message, without_press(pressed.message.reply_markup, pressed.data))
    return _forgotten(pressed, item)


async def decide(pressed: Pressed, desk: Desk) -> Answer:
    """Yes or no to what an answer proposed; yes can be undone in the same place."""
    t, memory_id, item = pressed.t, pressed.press.ids[0], None
    if pressed.press.action == "keep":
        item = await desk.memories.confirm(pressed.person, memory_id)
    else:
        await desk.memories.decline(pressed.person, memory_id)
    if isinstance(pressed.message, Message):
        await set_buttons(pressed.message, _decided(pressed, pressed.message, item))
    if pressed.press.action == "nope":
        return Answer(t("I do not remember it."))
    if item is None:
        return Answer(t("This question is not open any more."), alert=True)
    return Answer(t("🧠 Remembered: {text}", text=item.text))


def _decided(pressed: Pressed, message: Message, item: MemoryItem | None) -> InlineKeyboardMarkup | None:
    owner, ids = pressed.press.owner, pressed.press.ids
    keep, nope = Press("keep", owner, ids).pack(), Press("nope", owner, ids).pack()
    left = without_press(message.reply_markup, nope)
    if item is None:
        return without_press(left, keep)
    return with_press(left, keep, pressed.t("↩️ Undo"), Press("undo", owner, (item.id,)))


async def page(pressed: Pressed, desk: Desk) -> Answer:
    """Another page of the list."""
    await desk.awaiting.forget(pressed.person)
    await _list(pressed, desk, pressed.press.ids[0])
    return Answer()


async def delete(pressed: Pressed, desk: Desk) -> Answer:
    """Forget a fact of the list, or of a card; undo stands below the list."""
    memory_id, number = pressed.press.ids
    item = await desk.memories.delete(pressed.person, memory_id)
    undo_press = Press("back", pressed.press.owner, (memory_id, number)) if item else None
    await _list(pressed, desk, number, undo_press)
    return _forgotten(pressed, item)


async def restore(pressed: Pressed, desk: Desk) -> Answer:
    """Bring back what was forgotten, or archived."""
    memory_id, number = pressed.press.ids
    item = await desk.memories.restore(pressed.person, memory_id)
    if pressed.press.action == "unarchive":
        await _show(pressed, desk, await archive_view(pressed.t, pressed.person, number, desk))
    else:
        await _list(pressed, desk, number)
    return _again(pressed, item)


async def card(pressed: Pressed, desk: Desk) -> Answer:
    """Open one fact."""
    await desk.awaiting.forget(pressed.person)
    return await _card(pressed, desk, pressed.press.ids[0], pressed.press.ids[1])


async def edit(pressed: Pressed, desk: Desk) -> Answer:
    """Ask for other words: the next message is the answer."""
    memory_id, number = pressed.press.ids
    found = await desk.memories.get(pressed.person, memory_id)
    if found is None or found.item.state != "valid":
        return await _gone(pressed, desk, number)
    await desk.awaiting.ask(pressed.person, pressed.chat, f"{FACT}:{memory_id}:{number}")
    await _show(pressed, desk, edit_view(pressed.t, pressed.person, found.item, number))
    return Answer()


async def pin(pressed: Pressed, desk: Desk) -> Answer:
    """Keep a fact from being archived, or let it go."""
    memory_id, number, pinned = pressed.press.ids
    if await desk.memories.pin(pressed.person, memory_id, bool(pinned)) is None:
        return await _gone(pressed, desk, number)
    await _card(pressed, desk, memory_id, number)
    t = pressed.t
    return Answer(t("Pinned: it never has to make room.") if pinned else t("Not pinned any more."))


async def reach(pressed: Pressed, desk: Desk) -> Answer:
    """Keep a fact out of groups, or let it be used everywhere."""
    memory_id, number, everywhere = pressed.press.ids
    reached = await desk.memories.set_reach(pressed.person, memory_id, "global" if everywhere else "private")
    if reached is None:
        return await _gone(pressed, desk, number)
    return await _card(pressed, desk, memory_id, number)


async def wrong(pressed: Pressed, desk: Desk) -> Answer:
    """Close a fact as never true, with what was concluded from the same words."""
    memory_id, number = pressed.press.ids
    closed = await desk.memories.wrong(pressed.person, memory_id)
    if not closed:
        return await _gone(pressed, desk, number)
    await _list(pressed, desk, number, Press("revert", pressed.press.owner, (memory_id, number)))
    text = one_line("; ".join(item.text for item in closed), 150)
    return Answer(pressed.t("Never true, and not used any more: {text}", text=text))


async def revert(pressed: Pressed, desk: Desk) -> Answer:
    """A former value holds again."""
    memory_id, number = pressed.press.ids
    item = await desk.memories.take_back(pressed.person, memory_id)
    if item is None:
        await _list(pressed, desk, number)
    else:
        await _card(pressed, desk, item.id, number)
    return _again(pressed, item)


async def archive(pressed: Pressed, desk: Desk) -> Answer:
    """What had to make room."""
    await _show(pressed, desk, await archive_view(pressed.t, pressed.person, pressed.press.ids[0], desk))
    return Answer()


async def waiting(pressed: Pressed, desk: Desk) -> Answer:
    """What waits for a yes or a no, and what the presser says to one of them."""
    t, answer = pressed.t, Answer()
    if pressed.press.action == "yes":
        item = await desk.memories.confirm(pressed.person, pressed.press.ids[0])
        told = (
            t("🧠 Remembered: {text}", text=item.text) if item else t("This question is not open any more.")
        )
        answer = Answer(told)
    elif pressed.press.action == "no":
        await desk.memories.decline(pressed.person, pressed.press.ids[0])
        answer = Answer(t("I do not remember it."))
    await _show(pressed, desk, await waiting_view(t, pressed.person, desk))
    return answer


async def reworded(typed: Typed, desk: Desk) -> Result:
    """The other words for a fact, as its owner wrote them."""
    _, memory_id, number = typed.subject.split(":")
    if not typed.sure and "?" in typed.text:
        return "not_meant"
    t, person = typed.t, typed.person
    try:
        item = await desk.memories.edit(person, int(memory_id), typed.text)
    except Refused as error:
        await typed.replier.send(refusal_line(error, t))
        return "refused"
    # Handled again after a crash, the answer finds its work done: the newest value is what was written.
    found = await desk.memories.get(person, item.id if item is not None else int(memory_id))
    newest = found.history[-1] if found is not None and found.history else None
    if item is None and newest is not None and newest.text == one_line(typed.text, len(typed.text) + 1):
        found = await desk.memories.get(person, newest.id)
    elif item is None:
        found = None
    if found is None:
        await typed.replier.send(t("That is forgotten already."))
        return "taken"
    part, keyboard = await card_view(t, person, found, int(number), desk, head=t("Saved."))
    await typed.replier.send(part, keyboard)
    return "taken"


async def _card(pressed: Pressed, desk: Desk, memory_id: int, number: int) -> Answer:
    found = await desk.memories.get(pressed.person, memory_id)
    if found is None or found.item.state != "valid":
        return await _gone(pressed, desk, number)
    await _show(pressed, desk, await card_view(pressed.t, pressed.person, found, number, desk))
    return Answer()


async def _gone(pressed: Pressed, desk: Desk, number: int) -> Answer:
    await _list(pressed, desk, number)
    return Answer(pressed.t("That is forgotten already."))


async def _list(pressed: Pressed, desk: Desk, number: int, undo_press: Press | None = None) -> None:
    await _show(pressed, desk, await list_view(pressed.t, pressed.person, number, desk, undo_press))


async def _show(pressed: Pressed, desk: Desk, view: View) -> None:
    await desk.writer(pressed.chat).edit(pressed.message.message_id, *view)


def _forgotten(pressed: Pressed, item: MemoryItem | None) -> Answer:
    if item is None:
        return Answer(pressed.t("That is forgotten already."))
    return Answer(pressed.t("Forgotten: {text}", text=item.text))


def _again(pressed: Pressed, item: MemoryItem | None) -> Answer:
    if item is None:
        return Answer(pressed.t("It cannot be brought back any more."), alert=True)
    return Answer(pressed.t("Remembered again: {text}", text=item.text))


async def set_buttons(message: Message, markup: InlineKeyboardMarkup | None) -> None:
    """Put other buttons below a message; one that cannot be changed stays as it is."""
    try:
        await message.edit_reply_markup(reply_markup=markup)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("buttons not changed: %s", redacted(str(error)))


MEMORY_BUTTONS: dict[Action, tuple[Callable[[Pressed, Desk], Awaitable[Answer]], int]] = {
    "undo": (undo, 1),
    "keep": (decide, 1),
    "nope": (decide, 1),
    "page": (page, 1),
    "del": (delete, 2),
    "back": (restore, 2),
    "card": (card, 2),
    "edit": (edit, 2),
    "pin": (pin, 3),
    "reach": (reach, 3),
    "wrong": (wrong, 2),
    "revert": (revert, 2),
    "archive": (archive, 1),
    "unarchive": (restore, 2),
    "waiting": (waiting, 0),
    "yes": (waiting, 1),
    "no": (waiting, 1),
}
