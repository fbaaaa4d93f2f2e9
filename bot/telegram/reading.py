"""What is said about documents, and the message in which it is said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages import ChatRef
from bot.services.knowledge import Knowledge
from bot.services.reading import Reading, Word
from bot.telegram.i18n import Translator, translator
from bot.telegram.promised import Promises
from bot.telegram.render import Part


@dataclass(frozen=True, slots=True)
class Documents:
    """The rooms below that keep documents and read what is sent."""

    knowledge: Knowledge
    reading: Reading


class Readings:
    """Turns "reading …" into what came of it."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises

    async def tell(self, chat: ChatRef, language: str, key: str, word: Word) -> None:
        """Say what came of it in place of what was said under the key. Raises DeliveryError."""
        await self._promises.keep(chat, key, [Part(worded(word, translator(language)))])


def worded(word: Word, t: Translator) -> str:
    """The sentence for what became of a document."""
    title, count = word.title, word.passages
    match word.outcome:
        case "reading":
            return t("📖 Reading {title} …", title=title)
        case "read":
            return t.n(
                "📖 I have read {title}: {count} passage. Ask me about it.",
                "📖 I have read {title}: {count} passages. Ask me about it.",
                count,
                title=title,
            )
        case "known":
            return t.n(
                "📖 I know this document already: {title}, {count} passage.",
                "📖 I know this document already: {title}, {count} passages.",
                count,
                title=title,
            )
        case "incognito":
            return t("This conversation is incognito: I keep no documents here.")
        case "unavailable":
            return t("I could not download {title}. Please send it again.", title=title)
        case _:
            return _refused(word, t)


def _refused(word: Word, t: Translator) -> str:
    title = word.title
    match word.outcome:
        case "unsupported":
            return t("I cannot read this file: I read PDF, DOCX, HTML, Markdown, text, CSV and JSON.")
        case "encrypted":
            return t("{title} is protected by a password, so I cannot read it.", title=title)
        case "empty":
            return t("There is no text in {title}; perhaps its pages are scanned pictures.", title=title)
        case "too_large":
            return t("{title} is too large for me: I read files of up to 20 MB.", title=title)
        case "too_long":
            return t("{title} is too long for me: I read up to two million characters.", title=title)
        case "too_many_pages":
            return t("{title} has too many pages for me: I read up to 500.", title=title)
        case "heavy":
            return t("{title} takes too much time or memory to read.", title=title)
        case "full":
            return t("I have too many documents already. Delete one with /documents first.")
        case _:
            return t("{title} is damaged, so I cannot read it.", title=title)
