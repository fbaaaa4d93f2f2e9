"""What is said about an update that could not be handled: nobody waits for an answer that never comes."""

from __future__ import annotations

import logging
from typing import Any, cast

from aiogram.exceptions import ClientDecodeError, TelegramAPIError

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef, ChatType, Person
from bot.telegram.desk import Desk
from bot.telegram.i18n import Translator
from bot.telegram.session import redacted

log = logging.getLogger(__name__)

Raw = dict[str, Any]


async def last_word(raw: Raw, desk: Desk, key: str, *, unreadable: bool) -> None:
    """Tell whoever waits for this update, read without any model of it, that nothing will come of it."""
    query, message = _part(raw, "callback_query"), _part(raw, "message")
    try:
        if query is not None:
            await _answer_press(query, desk)
        elif message is not None:
            await _answer_message(message, desk, key, unreadable=unreadable)
    except (DeliveryError, TelegramAPIError, ClientDecodeError) as error:
        log.info("a dead letter was not told: %s", redacted(str(error)))


async def _answer_press(query: Raw, desk: Desk) -> None:
    t, query_id = await _translator(query, desk), query.get("id")
    if isinstance(query_id, str):
        await desk.bot.answer_callback_query(query_id, t("error.internal"), show_alert=True)


async def _answer_message(message: Raw, desk: Desk, key: str, *, unreadable: bool) -> None:
    person, chat, number = _person(message), _chat(message), message.get("message_id")
    if person is None or chat is None or not isinstance(number, int):
        return
    meant = chat.private or _names_bot(message, desk)
    if not meant or await desk.access.decide(person, chat) != "allowed":
        return
    t = await _translator(message, desk)
    text = t("I cannot read this kind of message yet. Please say it in plain words.")
    await desk.replier(key, chat, str(number)).send(text if unreadable else t("error.internal"))


def _names_bot(message: Raw, desk: Desk) -> bool:
    text = str(message.get("text") or message.get("caption") or "")
    replied = _part(_part(message, "reply_to_message") or {}, "from") or {}
    named = f"@{desk.identity.username}".casefold() in text.casefold()
    return named or str(replied.get("id")) == desk.identity.external_id


async def _translator(event: Raw, desk: Desk) -> Translator:
    return await desk.translator(_person(event))


def _person(event: Raw) -> Person | None:
    sender = _part(event, "from") or {}
    if not isinstance(sender.get("id"), int):
        return None
    language = sender.get("language_code")
    return Person(str(sender["id"]), language_code=language if isinstance(language, str) else None)


def _chat(message: Raw) -> ChatRef | None:
    chat = _part(message, "chat") or {}
    if not isinstance(chat.get("id"), int) or chat.get("type") not in ("private", "group", "supergroup"):
        return None
    topic = message.get("message_thread_id") if message.get("is_topic_message") is True else None
    return ChatRef(
        str(chat["id"]), cast("ChatType", chat["type"]), topic_id=topic if isinstance(topic, int) else None
    )


def _part(raw: Raw, name: str) -> Raw | None:
    part = raw.get(name)
    return part if isinstance(part, dict) else None
