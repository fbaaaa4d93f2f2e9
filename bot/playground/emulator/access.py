"""Which chat a bot means, and whether it may write there."""

from __future__ import annotations

from typing import Any

from bot.playground.emulator.call import Call
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ApiError, bad_request, forbidden
from bot.playground.records import BotAccount, Chat, Message
from bot.playground.store import Json


def chat_of(emu: Emulator, bot: BotAccount, chat_id: Any) -> Chat:
    """The chat that a bot can see under an id or @username. Raises 400 or 403."""
    chat = _find(emu, chat_id)
    if chat is None or (chat.type == "private" and chat.bot_id != bot.id):
        if chat is None and _as_id(chat_id) in emu.world.people:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")
    if chat.migrated_to:
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": chat.migrated_to},
        )
    if chat.type != "private" and not chat.has(bot.id):
        if chat.status(bot.id) == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        raise forbidden(f"bot is not a member of the {chat.type} chat")
    return chat


def writable(emu: Emulator, bot: BotAccount, chat_id: Any) -> Chat:
    """A chat in which the bot may write now. Raises 400 or 403."""
    chat = chat_of(emu, bot, chat_id)
    if chat.type == "private":
        if emu.world.people[chat.person_id].deactivated:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
    elif chat.status(bot.id) == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    return chat


def own_message(emu: Emulator, call: Call, chat: Chat) -> Message:
    """The message that an edit names. Raises 400 when it is gone or not the bot's."""
    message = emu.world.message(chat.id, call.need("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != call.bot.id or (message.markup and not message.keyboard):
        raise bad_request("message can't be edited")
    return message


def thread_of(chat: Chat, thread_id: int | None) -> int | None:
    """The topic that a call names; General has none. Raises 400 for an unknown or closed one."""
    if thread_id is None:
        return None
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise bad_request("message thread not found")
    if topic.get("closed"):
        raise bad_request("TOPIC_CLOSED")
    return thread_id


def replied_to(emu: Emulator, call: Call, chat: Chat) -> tuple[int | None, Json | None]:
    """Message id and quote of what a call replies to. Raises 400 when it is gone and must not be."""
    params: Json = dict(call.get("reply_parameters") or {})
    if "reply_to_message_id" in call.params:
        params.setdefault("message_id", call.params["reply_to_message_id"])
    if "message_id" not in params:
        return None, None
    if "chat_id" in params and _as_id(params["chat_id"]) != chat.id:
        raise bad_request("the playground has no replies across chats")
    original = emu.world.message(chat.id, params["message_id"])
    if original is None:
        if params.get("allow_sending_without_reply") or call.get("allow_sending_without_reply"):
            return None, None
        raise bad_request("message to be replied not found")
    return original.id, _quote(original, params)


def _quote(original: Message, params: Json) -> Json | None:
    if not params.get("quote"):
        return None
    if params["quote"] not in original.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    position = original.text.index(params["quote"])
    return {"text": params["quote"], "position": len(original.text[:position].encode("utf-16-le")) // 2}


def _find(emu: Emulator, chat_id: Any) -> Chat | None:
    if isinstance(chat_id, str) and chat_id.startswith("@"):
        name = chat_id[1:].lower()
        return next(
            (c for c in emu.world.chats.values() if c.username.lower() == name and c.type != "private"), None
        )
    number = _as_id(chat_id)
    return None if number is None else emu.world.chats.get(number)


def _as_id(chat_id: Any) -> int | None:
    try:
        return int(chat_id)
    except (TypeError, ValueError):
        return None
