"""What somebody missed in a chat: ordered by a command, told in its answer's place when it is written."""

from __future__ import annotations

from bot.core.messages import ChatRef
from bot.telegram.desk import Ask, Desk
from bot.telegram.i18n import Translator, translator
from bot.telegram.promised import Promises
from bot.telegram.render import Part, plain, render


async def summary(ask: Ask, desk: Desk) -> None:
    """Say that the account is being written, and order it."""
    if ask.chat.private or desk.catch_ups is None:
        return await ask.replier.send(ask.t("In a group, /summary tells you what you missed there."))
    await ask.replier.send(ask.t("📝 I am reading what you missed …"))
    await desk.catch_ups.order(ask.person, ask.chat, ask.key, ask.t.language)
    return None


class Accounts:
    """Shows accounts of what was missed."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises

    async def tell(self, chat: ChatRef, language: str, key: str, text: str, messages: int) -> None:
        """Show an account of so many messages; none stands for nothing new. Raises DeliveryError."""
        t = translator(language)
        await self._promises.keep(chat, key, _account(text, messages, t))

    async def sorry(self, chat: ChatRef, language: str, key: str, error_key: str) -> None:
        """Say why there is no account. Raises DeliveryError."""
        t = translator(language)
        await self._promises.keep(chat, key, plain(t(error_key if t.knows(error_key) else "error.internal")))


def _account(text: str, messages: int, t: Translator) -> list[Part]:
    if not messages or not text.strip():
        return plain(t("You missed nothing: nobody else has written here since your last message."))
    told = t.n("You missed {count} message:", "You missed {count} messages:", messages)
    return render(f"{told}\n\n{text}")
