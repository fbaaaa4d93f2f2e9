"""What a handler has at hand, and what it knows about the one who asks."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram import Bot
from aiogram.types import Message

from bot.core.messages import ChatRef, Person
from bot.core.views import BotIdentity
from bot.services.memories import Memories
from bot.telegram.addressing import Addressing
from bot.telegram.i18n import Translator, translator
from bot.telegram.own_data import OwnData
from bot.telegram.pace import Pace
from bot.telegram.ports import (
    Access,
    Awaiting,
    CatchUps,
    Chats,
    ChatSettings,
    Conversations,
    Dialogue,
    HouseRules,
    Incognito,
    Insight,
    Profiles,
    Statistics,
    TalkSearch,
    Turns,
)
from bot.telegram.reading import Documents
from bot.telegram.replier import Replier
from bot.telegram.writer import Writer


@dataclass(frozen=True, slots=True)
class Desk:
    """The services that handlers call."""

    bot: Bot
    identity: BotIdentity
    addressing: Addressing
    pace: Pace
    turns: Turns
    memories: Memories
    conversations: Conversations
    access: Access
    chats: Chats
    profiles: Profiles
    awaiting: Awaiting
    chat_settings: ChatSettings
    insight: Insight
    search: TalkSearch
    incognito: Incognito
    house: HouseRules
    default_language: str
    reads_groups: bool
    """False while Telegram's privacy mode hides group messages from the bot."""
    documents: Documents | None = None
    dialogue: Dialogue | None = None
    own_data: OwnData | None = None
    catch_ups: CatchUps | None = None
    statistics: Statistics | None = None

    def writer(self, chat: ChatRef, reply_to: str | None = None) -> Writer:
        """A writer into the chat."""
        return Writer(self.bot, self.pace, chat, reply_to)

    def replier(self, key: str, chat: ChatRef, reply_to: str | None = None) -> Replier:
        """Says things in the chat once under the key; in groups below the message they answer."""
        return Replier(key, chat, self.writer(chat, None if chat.private else reply_to), self.turns)

    async def translator(self, person: Person | None) -> Translator:
        """The translator of a person's language, or the default one."""
        return translator(await self.access.language(person) if person else self.default_language)


@dataclass(frozen=True, slots=True)
class Ask:
    """A command that an allowed person gave: where, in which language, and the words behind it."""

    message: Message
    chat: ChatRef
    person: Person
    rest: str
    t: Translator
    key: str
    replier: Replier
