"""The past of a group: offered to be read on arrival, and read when an admin sends the export."""

from __future__ import annotations

import io

from aiogram.types import Message

from bot.core.errors import DeliveryError, FileUnavailable, Invalid
from bot.core.messages import ChatRef, Person
from bot.services.transfer.telegram_import import Brought
from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.files import TelegramFiles
from bot.telegram.i18n import Translator
from bot.telegram.render import Part
from bot.telegram.rights import is_admin

_LARGEST = 20 * 1024 * 1024
"""Bytes of a file that Telegram gives to bots."""


async def offer_past(desk: Desk, chat: ChatRef, t: Translator) -> None:
    """Say once in a group how its past comes in."""
    if desk.own_data is None or desk.own_data.past is None:
        return
    text = t(
        "I know only what is written from now on. If I shall know what was said before, an admin can export "
        "this chat with Telegram Desktop (Export chat history, format JSON) and send me result.json as a "
        "reply to this message."
    )
    await desk.replier(_key(chat), chat).send(text)


async def took_past(message: Message, desk: Desk, key: str) -> bool:
    """Read the export that answers the offer; False for every other message."""
    chat = chat_of(message.chat, message)
    past = desk.own_data.past if desk.own_data is not None else None
    replied, document = message.reply_to_message, message.document
    if past is None or replied is None or document is None or message.from_user is None or chat.private:
        return False
    if str(replied.message_id) not in (await desk.turns.reply_state(f"{_key(chat)}:1") or ()):
        return False
    person = person_of(message.from_user)
    if await desk.access.decide(person, chat) != "allowed":
        return False
    t = await desk.translator(person)
    if not await is_admin(desk, chat, person):
        await _say(desk, chat, message, key, t("In groups only admins can do that."))
        return True
    await _read(message, desk, chat, person, key)
    return True


async def _read(message: Message, desk: Desk, chat: ChatRef, person: Person, key: str) -> None:
    assert desk.own_data is not None
    assert desk.own_data.past is not None
    assert message.document is not None
    t = await desk.translator(person)
    await _say(desk, chat, message, key, t("📖 Reading what was said here before …"))
    try:
        data = await TelegramFiles(desk.bot).fetch(message.document.file_id, _LARGEST)
        text = _worded(await desk.own_data.past.read(io.BytesIO(data), None, chat), t)
    except FileUnavailable:
        text = t(
            "Telegram does not let me fetch this file: it gives bots up to 20 MB. My owner can read it in "
            "with mnema import telegram."
        )
    except Invalid:
        text = t("This is no export of this chat in JSON, so I cannot read it.")
    shown = await desk.turns.reply_state(f"{key}:past:1")
    if not shown or not await desk.writer(chat).edit(int(shown[0]), Part(text)):
        await desk.replier(f"{key}:past:told", chat, str(message.message_id)).send(text)


def _worded(brought: Brought, t: Translator) -> str:
    if not brought.added:
        return t("There was nothing in it that I do not know.")
    return t.n(
        "📖 I have read {count} message from before.",
        "📖 I have read {count} messages from before.",
        brought.added,
    )


async def _say(desk: Desk, chat: ChatRef, message: Message, key: str, text: str) -> None:
    try:
        await desk.replier(f"{key}:past", chat, str(message.message_id)).send(text)
    except DeliveryError as error:
        if error.retry_after is not None:
            raise


def _key(chat: ChatRef) -> str:
    return f"past:{chat.external_id}"
