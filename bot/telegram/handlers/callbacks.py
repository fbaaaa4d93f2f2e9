"""Buttons: each press is answered, and obeys only the button's owner."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import CallbackQuery

from bot.core.errors import DeliveryError, MnemaError
from bot.core.messages import Person
from bot.core.text import one_line
from bot.memory.gates import Refused
from bot.telegram.convert import chat_of_callback, person_of
from bot.telegram.desk import Desk
from bot.telegram.handlers import conversations as talks
from bot.telegram.handlers.choices import choose
from bot.telegram.handlers.documents import delete_document, turn_page
from bot.telegram.handlers.forget import cancel, forget_all, forget_one
from bot.telegram.handlers.forget_me import settle_forgetting
from bot.telegram.handlers.house import press_rule
from bot.telegram.handlers.memory_buttons import MEMORY_BUTTONS
from bot.telegram.handlers.past import offer_past
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.handlers.settings_buttons import open_section, pick
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import ANYONE, Action, Press
from bot.telegram.members import count_members
from bot.telegram.render import Part
from bot.telegram.session import redacted
from bot.telegram.wording import refusal_line

log = logging.getLogger(__name__)

_ALERT_LIMIT = 200


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
    except Refused as error:
        answer = Answer(refusal_line(error, t), alert=True)
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
        await offer_past(desk, pressed.chat, t)
    return Answer(t("Done."))


_HANDLERS: dict[Action, tuple[Callable[[Pressed, Desk], Awaitable[Answer]], int]] = {
    "stop": (_stop, 1),
    "retry": (_retry, 1),
    "group": (_approve, 1),
    "docs": (turn_page, 1),
    "docdel": (delete_document, 2),
    "set": (open_section, 1),
    "pick": (pick, 2),
    "choose": (choose, 3),
    "talks": (talks.turn_talks, 1),
    "talk": (talks.show_talk, 2),
    "talkopen": (talks.open_talk, 2),
    "talkend": (talks.archive_talk, 2),
    "talkname": (talks.name_talk, 2),
    "talkdel": (talks.ask_delete_talk, 2),
    "talkgone": (talks.delete_talk, 2),
    "erase": (settle_forgetting, 1),
    "forget": (forget_one, 1),
    "unforget": (forget_one, 1),
    "all": (forget_all, 0),
    "cancel": (cancel, 0),
    "rule": (press_rule, 3),
    **MEMORY_BUTTONS,
}
"""What each action does, and how many ids it carries."""
