"""Which bots hear of what people do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.render import message_json
from bot.playground.emulator.text import clip
from bot.playground.records import BotAccount, Chat, Message
from bot.playground.store import Json

_SERVICE = """
new_chat_members left_chat_member group_chat_created migrate_to_chat_id migrate_from_chat_id
forum_topic_created forum_topic_closed forum_topic_reopened forum_topic_edited new_chat_title
"""
SERVICE = frozenset(_SERVICE.split())


def bots_in(emu: Emulator, chat: Chat) -> Iterator[BotAccount]:
    """The bots of a chat."""
    for bot in list(emu.world.bots.values()):
        if chat.has(bot.id) or (chat.type == "private" and chat.bot_id == bot.id):
            yield bot


def tell_bots(
    emu: Emulator, message: Message, kind: Literal["message", "edited_message"] = "message"
) -> None:
    """Send a person's message to every bot that may see it; other bots' messages are never sent."""
    chat = emu.world.chats[message.chat_id]
    body = message_json(emu.world, message)
    for bot in bots_in(emu, chat):
        if _sees(emu, bot, chat, message):
            emu.notify(bot.id, kind, body)


def _sees(emu: Emulator, bot: BotAccount, chat: Chat, message: Message) -> bool:
    if chat.type == "private" or not bot.privacy or chat.status(bot.id) == "administrator":
        return True
    if SERVICE & message.body.keys():
        return True
    replied = emu.world.message(chat.id, message.reply_to) if message.reply_to is not None else None
    if replied is not None and replied.sender_id == bot.id:
        return True
    return any(_addresses(bot, message.text, entity) for entity in _entities(message))


def _entities(message: Message) -> list[Json]:
    return list(message.body.get("entities") or message.body.get("caption_entities") or [])


def _addresses(bot: BotAccount, text: str, entity: Json) -> bool:
    word = clip(text, entity["offset"], entity["length"]).lower()
    name = f"@{bot.username.lower()}"
    if entity["type"] == "bot_command":
        return "@" not in word or word.endswith(name)
    if entity["type"] == "text_mention":
        return bool(entity["user"]["id"] == bot.id)
    return bool(entity["type"] == "mention" and word == name)
