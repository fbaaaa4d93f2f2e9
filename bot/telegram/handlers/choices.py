"""Buttons below a question: a press counts as its client's own typed answer, once."""

from __future__ import annotations

import logging

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import Message

from bot.core.messages import Incoming
from bot.telegram.desk import Desk
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.session import redacted

log = logging.getLogger(__name__)


async def choose(pressed: Pressed, desk: Desk) -> Answer:
    """Hand the answer to the flow, which settles the question, and take the buttons away."""
    state_id, number, stamp = pressed.press.ids
    picked = None
    if desk.dialogue is not None:
        picked = await desk.dialogue.picked(
            pressed.person, pressed.chat, state_id, number, stamp, pressed.t.language
        )
    if picked is None:
        await _without_buttons(pressed)
        return Answer(pressed.t("This question is not open any more."), alert=True)
    await desk.turns.receive(
        Incoming(
            key=picked.key,
            chat=pressed.chat,
            external_id=picked.key,
            sent_at=picked.at,
            sender=pressed.person,
            text=picked.text,
            addressed="private" if pressed.chat.private else "reply",
        )
    )
    await _without_buttons(pressed)
    return Answer(picked.text)


async def _without_buttons(pressed: Pressed) -> None:
    if not isinstance(pressed.message, Message):
        return
    try:
        await pressed.message.edit_reply_markup(reply_markup=None)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("buttons not taken away: %s", redacted(str(error)))
