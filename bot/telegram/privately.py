"""What is nobody else's business goes to the private chat, wherever it was asked for."""

from __future__ import annotations

from aiogram.types import InlineKeyboardMarkup

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef
from bot.telegram.desk import Ask, Desk
from bot.telegram.keyboards import private_chat_button
from bot.telegram.render import Part


async def send_privately(
    ask: Ask, desk: Desk, text: str | Part, keyboard: InlineKeyboardMarkup | None, payload: str
) -> None:
    """Send it to the asker alone, and say so where it was asked.

    Whoever never started the bot gets a button that leads there, with /start `payload`.
    """
    if ask.chat.private:
        return await ask.replier.send(text, keyboard)
    private = ChatRef(external_id=ask.person.external_id, type="private")
    try:
        await desk.replier(f"{ask.key}:private", private).send(text, keyboard)
    except DeliveryError as error:
        if error.retry_after is not None:
            raise
        way = private_chat_button(ask.t, desk.identity.username, payload)
        return await ask.replier.send(ask.t("I may not write to you privately yet. Press Start there."), way)
    return await ask.replier.send(ask.t("I have sent it to you privately."))
