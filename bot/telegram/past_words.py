"""What is said about a group's past while it is read, and in the end."""

from __future__ import annotations

from babel.numbers import format_decimal

from bot.core.messages import ChatRef
from bot.services.past_reading import PastWord
from bot.telegram.i18n import Translator, translator
from bot.telegram.promised import Promises
from bot.telegram.render import Part


class Pasts:
    """Turns "reading …" into how far it came, and in the end into what came of it."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises

    async def tell(self, chat: ChatRef, language: str, key: str, word: PastWord) -> None:
        """Say it in place of what was said under the key. Raises DeliveryError."""
        part = Part(worded(word, translator(language)))
        if word.outcome == "reading":
            await self._promises.go_on(chat, key, part)
        else:
            await self._promises.keep(chat, key, [part])


def worded(word: PastWord, t: Translator) -> str:
    """The sentence for how far a past is read, or for what became of it."""
    match word.outcome:
        case "reading":
            return _reading(word, t)
        case "read":
            return _read(word, t)
        case "too_large":
            return t(
                "This file is larger than the 20 MB that Telegram gives to bots. Whoever runs me can read it "
                "in on the server: mnema import telegram result.json. Or export a shorter period."
            )
        case "other_chat":
            return t("This is the export of another chat. I read here only what was said here.")
        case "unavailable":
            return t("I could not fetch this file from Telegram. Please send it again.")
        case _:
            return t(
                "I cannot read this file: it is no export of a chat, or it is damaged. In Telegram Desktop "
                "choose Export chat history with the format JSON, and send me result.json as it is."
            )


def _reading(word: PastWord, t: Translator) -> str:
    if not word.messages:
        return t("📖 Reading what was said here before …")
    messages, about = _number(word.messages, t), _number(word.about, t)
    return t(
        "📖 Reading what was said here before: {messages} of about {about} messages …",
        messages=messages,
        about=about,
    )


def _read(word: PastWord, t: Translator) -> str:
    if not word.messages:
        lines = [t("There was nothing in it that I do not know.")]
    else:
        shown, known = _number(word.messages, t), _number(word.known, t)
        lines = [
            t.n(
                "📖 I have read {count} message from before.",
                "📖 I have read {count} messages from before.",
                word.messages,
                count=shown,
            )
        ]
        if word.known:
            lines.append(t("I knew already: {count}", count=known))
    if word.erased:
        erased = _number(word.erased, t)
        lines.append(t("Left out, from people whom I was to forget: {count}", count=erased))
    return "\n".join(lines)


def _number(count: int, t: Translator) -> str:
    shown: str = format_decimal(count, locale=t.language)
    return shown
