"""The command menu, in every language and for both kinds of chats."""

from __future__ import annotations

import logging

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from bot.telegram.i18n import LANGUAGES, Translator, supported, translator
from bot.telegram.session import redacted

log = logging.getLogger(__name__)


def descriptions(t: Translator) -> dict[str, str]:
    """Each command and what it does, in the order of the menu."""
    return {
        "help": t("What I can do"),
        "memories": t("What I remember about you"),
        "remember": t("Remember what you write"),
        "forget": t("Forget a topic"),
        "search": t("Find what was said"),
        "summary": t("What you missed here"),
        "documents": t("Documents I have read"),
        "new": t("Start a new conversation"),
        "conversations": t("Conversations here"),
        "clear": t("Clear this conversation"),
        "stop": t("Stop the answer"),
        "why": t("What I knew for an answer"),
        "stats": t("Your numbers with me"),
        "settings": t("How I answer"),
        "pause": t("Remember nothing new, or go on"),
        "incognito": t("Talk without anything being kept"),
        "export": t("Take your data along"),
        "forget_me": t("Forget me altogether"),
        "start": t("Say hello"),
    }


def menu(t: Translator, *, private: bool) -> list[BotCommand]:
    """The commands of a kind of chat."""
    hidden = () if private else ("start", "incognito")
    return [
        BotCommand(command=name, description=text)
        for name, text in descriptions(t).items()
        if name not in hidden
    ]


def command_list(t: Translator, *, private: bool) -> list[str]:
    """The same as lines of a message."""
    return [f"/{entry.command} — {entry.description}" for entry in menu(t, private=private)]


async def publish_menu(bot: Bot, default_language: str) -> None:
    """Tell Telegram the menu: one for each language, and the default for all others."""
    for language in (None, *LANGUAGES):
        t = translator(language or supported(default_language))
        for scope in (BotCommandScopeAllPrivateChats(), BotCommandScopeAllGroupChats()):
            private = isinstance(scope, BotCommandScopeAllPrivateChats)
            try:
                await bot.set_my_commands(menu(t, private=private), scope=scope, language_code=language)
            except (TelegramAPIError, ClientDecodeError) as error:
                log.warning("command menu not published: %s", redacted(str(error)))
                return
