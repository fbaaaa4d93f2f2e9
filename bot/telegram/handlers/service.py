"""Service messages: what happened to a chat, said by Telegram itself."""

from __future__ import annotations

from aiogram.types import Message

from bot.core.text import label
from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.members import count_members

_TITLE_LIMIT = 128
_PLATFORM = "tg"


async def on_service(message: Message, desk: Desk) -> None:
    """Take note of topics, of members who come or go, and of a group that becomes a supergroup."""
    chat = chat_of(message.chat, message)
    if message.migrate_to_chat_id is not None:
        await _moved(chat.external_id, str(message.migrate_to_chat_id), desk)
    elif message.migrate_from_chat_id is not None:
        await _moved(str(message.migrate_from_chat_id), chat.external_id, desk)
    elif message.left_chat_member is not None:
        await desk.chats.member_changed(chat, person_of(message.left_chat_member), inside=False)
    elif message.new_chat_members:
        for user in message.new_chat_members:
            await desk.chats.member_changed(chat, person_of(user), inside=True)
    else:
        await _topic(message, desk)
    changed = message.left_chat_member is not None or message.new_chat_members
    if changed and await desk.access.decide(None, chat) == "allowed":
        await count_members(desk, chat)


async def _moved(old: str, new: str, desk: Desk) -> None:
    """Both chats tell of the move, in lanes of their own: whichever comes first does it."""
    await desk.chats.became_supergroup(_PLATFORM, old, new)


async def _topic(message: Message, desk: Desk) -> None:
    """A topic's name; closing and reopening change nothing here: Telegram lets nobody write meanwhile."""
    named = message.forum_topic_created or message.forum_topic_edited
    chat = chat_of(message.chat, message)
    if named is not None and named.name and chat.topic_id is not None:
        await desk.chats.topic_named(chat, chat.topic_id, label(named.name, _TITLE_LIMIT))
