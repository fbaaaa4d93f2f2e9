"""Buttons: each press is answered, and obeys only the button's owner."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import CallbackQuery, InaccessibleMessage, InlineKeyboardMarkup, Message

from bot.core.errors import DeliveryError, MnemaError
from bot.core.messages import ChatRef, Person
from bot.core.text import one_line
from bot.telegram.convert import chat_of_callback, person_of
from bot.telegram.desk import Desk
from bot.telegram.handlers.memories import page_view
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import ANYONE, Action, Press, without_press
from bot.telegram.members import count_members
from bot.telegram.render import Part
from bot.telegram.session import redacted

log = logging.getLogger(__name__)

_ALERT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser sees for a moment, or has to confirm when it is an alert."""

    text: str = ""
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that its owner made, with everything to act on it."""

    press: Press
    message: Message | InaccessibleMessage
    data: str
    chat: ChatRef
    person: Person
    t: Translator


async def on_callback(query: CallbackQuery, desk: Desk) -> None:
    """Do what the button says and answer the press, whatever happens."""
    person = person_of(query.from_user)
    t = await desk.translator(person)
    answer = Answer(t("error.internal"), alert=True)
    try:
        answer = await _act(query, person, t, desk)
    except DeliveryError as error:
        log.info("a pressed button changed nothing: %s", error)
        answer = Answer(t("error.delivery"), alert=True)
    except MnemaError as error:
        log.info("a pressed button was refused: %s", error)
        key = error.user_key if t.knows(error.user_key) else "error.internal"
        answer = Answer(t(key, **error.params), alert=True)
    except Exception:
        # The presser is told now; a second try would act after that, and hold up the presses behind it.
        log.exception("a pressed button failed")
    await _acknowledge(query, answer)


async def _act(query: CallbackQuery, person: Person, t: Translator, desk: Desk) -> Answer:
    press, chat = Press.unpack(query.data), chat_of_callback(query)
    if press is None or chat is None or query.message is None:
        return Answer(t("This button is from an older version. Please ask again."), alert=True)
    if press.owner not in (ANYONE, int(person.external_id)):
        return Answer(t("This button is for somebody else."), alert=True)
    handler, ids = _HANDLERS[press.action]
    if len(press.ids) != ids:
        return Answer(t("This button is from an older version. Please ask again."), alert=True)
    if press.action != "group" and await desk.access.decide(person, chat) != "allowed":
        return Answer(t("error.not_allowed"), alert=True)
    return await handler(Pressed(press, query.message, query.data or "", chat, person, t), desk)


async def _acknowledge(query: CallbackQuery, answer: Answer) -> None:
    try:
        await query.answer(one_line(answer.text, _ALERT_LIMIT) or None, show_alert=answer.alert)
    except (TelegramAPIError, ClientDecodeError) as error:
        # Too old, or answered before a crash: the presser has long stopped waiting.
        log.info("a pressed button stays unanswered: %s", redacted(str(error)))


async def _stop(pressed: Pressed, desk: Desk) -> Answer:
    halted = await desk.turns.stop(pressed.chat, pressed.person)
    return Answer(pressed.t("⏹ Stopped.") if halted else pressed.t("It is finished already."))


async def _retry(pressed: Pressed, desk: Desk) -> Answer:
    again = await desk.turns.retry(pressed.press.ids[0], pressed.person)
    t = pressed.t
    return Answer(t("Trying again …")) if again else Answer(t("There is nothing to try again."), alert=True)


async def _undo(pressed: Pressed, desk: Desk) -> Answer:
    item = await desk.memories.delete(pressed.person, pressed.press.ids[0])
    if isinstance(pressed.message, Message):
        left = without_press(pressed.message.reply_markup, pressed.data)
        await _set_buttons(pressed.message, left)
    if item is None:
        return Answer(pressed.t("That is forgotten already."))
    return Answer(pressed.t("Forgotten: {text}", text=item.text))


async def _page(pressed: Pressed, desk: Desk) -> Answer:
    await _show_page(pressed, desk, pressed.press.ids[0])
    return Answer()


async def _delete(pressed: Pressed, desk: Desk) -> Answer:
    memory_id, number = pressed.press.ids
    item = await desk.memories.delete(pressed.person, memory_id)
    await _show_page(pressed, desk, number, memory_id if item else None)
    if item is None:
        return Answer(pressed.t("That is forgotten already."))
    return Answer(pressed.t("Forgotten: {text}", text=item.text))


async def _restore(pressed: Pressed, desk: Desk) -> Answer:
    memory_id, number = pressed.press.ids
    item = await desk.memories.restore(pressed.person, memory_id)
    await _show_page(pressed, desk, number)
    if item is None:
        return Answer(pressed.t("It cannot be brought back any more."), alert=True)
    return Answer(pressed.t("Remembered again: {text}", text=item.text))


async def _approve(pressed: Pressed, desk: Desk) -> Answer:
    approved, t = bool(pressed.press.ids[0]), pressed.t
    if not await desk.access.approve(pressed.chat, pressed.person, approved):
        return Answer(t("Only my owner and people they allowed can decide that."), alert=True)
    text = (
        t(
            "Approved by {name}. From now on I keep what is written here and answer.",
            name=pressed.person.full_name,
        )
        if approved
        else t("{name} decided: I record and answer nothing here.", name=pressed.person.full_name)
    )
    await desk.writer(pressed.chat).edit(pressed.message.message_id, Part(text))
    if approved:
        await count_members(desk, pressed.chat)
    return Answer(t("Done."))


async def _show_page(pressed: Pressed, desk: Desk, number: int, deleted_id: int | None = None) -> None:
    text, keyboard = await page_view(pressed.t, pressed.person, number, desk, deleted_id)
    await desk.writer(pressed.chat).edit(pressed.message.message_id, Part(text), keyboard)


async def _set_buttons(message: Message, markup: InlineKeyboardMarkup | None) -> None:
    try:
        await message.edit_reply_markup(reply_markup=markup)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("buttons not changed: %s", redacted(str(error)))


_HANDLERS: dict[Action, tuple[Callable[[Pressed, Desk], Awaitable[Answer]], int]] = {
    "stop": (_stop, 1),
    "retry": (_retry, 1),
    "undo": (_undo, 1),
    "page": (_page, 1),
    "del": (_delete, 2),
    "back": (_restore, 2),
    "group": (_approve, 1),
}
"""What each action does, and how many ids it carries."""
