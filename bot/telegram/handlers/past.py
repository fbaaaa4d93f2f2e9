"""The past of a group: offered to be read on arrival, and read when an admin sends the export."""

from __future__ import annotations

from aiogram.types import Message

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef
from bot.services.past_reading import MOST_BYTES, PastWord
from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.i18n import Translator
from bot.telegram.past_words import worded
from bot.telegram.rights import is_admin


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
    """Let the export be read that answers the offer; False for every other message."""
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
    t, key = await desk.translator(person), f"{key}:past"
    if not await is_admin(desk, chat, person):
        await _say(desk, chat, message, key, t("In groups only admins can do that."))
    elif (document.file_size or 0) > MOST_BYTES:
        await _say(desk, chat, message, key, worded(PastWord("too_large"), t))
    else:
        await _say(desk, chat, message, key, worded(PastWord("reading"), t))
        await past.take(chat, document.file_id, key, t.language)
    return True


async def _say(desk: Desk, chat: ChatRef, message: Message, key: str, text: str) -> None:
    try:
        await desk.replier(key, chat, str(message.message_id)).send(text)
    except DeliveryError as error:
        if error.retry_after is not None:
            raise


def _key(chat: ChatRef) -> str:
    return f"past:{chat.external_id}"
