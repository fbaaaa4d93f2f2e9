"""Messages, new and edited."""

from __future__ import annotations

from aiogram.types import Message

from bot.telegram.convert import incoming_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import Doorman
from bot.telegram.handlers.commands import COMMANDS, run_command


async def on_message(message: Message, desk: Desk, doorman: Doorman, key: str) -> None:
    """A command is done here; everything else goes to the flow."""
    command = desk.addressing.command(message)
    if command is not None and command.name in COMMANDS:
        return await run_command(command, message, desk, doorman, key)
    incoming = incoming_of(message, desk.addressing)
    if incoming is None:
        return None
    receipt = await desk.turns.receive(incoming)
    if incoming.addressed is not None:
        await doorman.answer(receipt.outcome, incoming.chat, incoming.sender, desk)
    return None


async def on_edited_message(message: Message, desk: Desk) -> None:
    """A new version of a message that is already known."""
    incoming = incoming_of(message, desk.addressing, kind="edit")
    if incoming is not None:
        await desk.turns.edited(incoming)
