"""A message that answers what the bot has asked for with a button: it is no talk, and no turn begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiogram.types import Message

from bot.core.errors import Invalid
from bot.core.messages import ChatRef, Person
from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.handlers.conversations import TALK, renamed
from bot.telegram.handlers.memory_buttons import FACT, reworded
from bot.telegram.handlers.settings import chat_card, own_card, refusal, store
from bot.telegram.handlers.settings_view import FIELDS, Section
from bot.telegram.i18n import Translator
from bot.telegram.replier import Replier
from bot.telegram.rights import is_admin

Result = Literal["taken", "refused", "not_meant"]
"""Refused: the person was told why, and may write again."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was written, by whom and where; `subject` is what was asked for, `sure` that it is its answer."""

    text: str
    chat: ChatRef
    person: Person
    subject: str
    sure: bool
    t: Translator
    replier: Replier


async def on_typed(message: Message, desk: Desk, key: str) -> bool:
    """Take the message for what its sender was asked to write; False for any other message.

    In a group only a reply to the bot can be that.
    """
    if not message.text or message.from_user is None or message.sender_chat is not None:
        return False
    person, chat = person_of(message.from_user), chat_of(message.chat, message)
    sure = _replies_to_bot(message, desk)
    if not (chat.private or sure):
        return False
    subject = await desk.awaiting.asked(person, chat, key)
    handler = TYPED.get(subject.partition(":")[0]) if subject is not None else None
    if subject is None or handler is None or await desk.access.decide(person, chat) != "allowed":
        return False
    t, replier = await desk.translator(person), desk.replier(key, chat, str(message.message_id))
    result = await handler(Typed(message.text, chat, person, subject, sure, t, replier), desk)
    if result == "taken":
        await desk.awaiting.answered(person, key)
    elif result == "not_meant":
        await desk.awaiting.forget(person)
    return result != "not_meant"


def _replies_to_bot(message: Message, desk: Desk) -> bool:
    replied = message.reply_to_message
    return bool(replied and replied.from_user and replied.from_user.id == desk.bot.id)


async def _setting(typed: Typed, desk: Desk) -> Result:
    """Store it. What does not fit and may have been meant otherwise is left to the flow."""
    section = _SECTIONS[typed.subject]
    if section is Section.PERSONA and not await is_admin(desk, typed.chat, typed.person):
        return "not_meant"
    if section is not Section.PERSONA and not typed.sure and "?" in typed.text:
        return "not_meant"
    try:
        await store(desk, typed.chat, typed.person, section, typed.text)
    except Invalid as error:
        near = bool(error.params.get("near")) or len(typed.text.split()) == 1
        if not (typed.sure or near or section is Section.PERSONA):
            return "not_meant"
        await typed.replier.send(refusal(typed.t, error))
        return "refused"
    t = await desk.translator(typed.person)
    if typed.chat.private:
        card = await own_card(t, typed.person, desk)
    else:
        card = await chat_card(t, typed.chat, typed.person, desk)
    await typed.replier.send(f"{t('Saved.')}\n\n{card.text}", card.keyboard)
    return "taken"


async def _title(typed: Typed, desk: Desk) -> Result:
    """Take it for a conversation's title; a question is left to the flow."""
    if (not typed.sure and "?" in typed.text) or not await is_admin(desk, typed.chat, typed.person):
        return "not_meant"
    number = typed.subject.partition(":")[2]
    await typed.replier.send(*await renamed(typed.chat, typed.person, number, typed.text, typed.t, desk))
    return "taken"


_SECTIONS = {field: section for section, field in FIELDS.items()} | {"persona": Section.PERSONA}

TYPED: dict[str, Callable[[Typed, Desk], Awaitable[Result]]] = {
    **dict.fromkeys(_SECTIONS, _setting),
    FACT: reworded,
    TALK: _title,
}
"""What takes an answer, by the word before the colon of what was asked for."""
