"""Messages, new and edited."""

from __future__ import annotations

from aiogram.types import Message

from bot.core.messages import Incoming
from bot.telegram.convert import incoming_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import Doorman
from bot.telegram.handlers.commands import run_command
from bot.telegram.handlers.documents import taken
from bot.telegram.handlers.past import took_past
from bot.telegram.handlers.service import on_service
from bot.telegram.handlers.typed import on_typed

_SEEN = "👀"
"""Says that a question was seen while the answer to another one is still being written."""


async def on_message(message: Message, desk: Desk, doorman: Doorman, key: str) -> None:
    """A command or an answer to a button is done here; everything else goes to the flow."""
    command = desk.addressing.command(message)
    if command is not None:
        return await run_command(command, message, desk, doorman, key)
    if await on_typed(message, desk, key):
        return None
    incoming = incoming_of(message, desk.addressing)
    if incoming is None:
        return await on_service(message, desk)
    if await took_past(message, desk, key):
        return None
    return await _receive(await taken(message, incoming, desk, key), message, desk, doorman)


async def on_channel_post(message: Message, desk: Desk, doorman: Doorman) -> None:
    """In a channel the bot records and answers nothing but what mentions it or replies to it.

    Posts of a channel that is linked to a group come into the group by themselves and are recorded there.
    """
    incoming = incoming_of(message, desk.addressing)
    if incoming is not None and incoming.addressed in ("mention", "reply"):
        await _receive(incoming, message, desk, doorman)


async def _receive(incoming: Incoming, message: Message, desk: Desk, doorman: Doorman) -> None:
    receipt = await desk.turns.receive(incoming)
    if incoming.addressed is not None:
        await doorman.answer(receipt.outcome, incoming.chat, incoming.sender, desk)
    if receipt.outcome == "queued":
        await desk.writer(incoming.chat).react(message.message_id, _SEEN)


async def on_edited_message(message: Message, desk: Desk) -> None:
    """A new version of a message that is already known."""
    incoming = incoming_of(message, desk.addressing, kind="edit")
    if incoming is not None:
        await desk.turns.edited(incoming)
