"""/memories: what the bot remembers about the asker, or what of it has to do with some words."""

from __future__ import annotations

from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.house import house_of, show_rules
from bot.telegram.handlers.memory_view import FOUND, found_view, list_view
from bot.telegram.privately import send_privately

PAYLOAD = "memories"
"""Opens the list through a deep link."""


async def memories(ask: Ask, desk: Desk) -> None:
    """Show the first page, or what is found; from a group it goes to the private chat."""
    house = house_of(ask.rest)
    if house is not None and not house.text and await desk.access.is_owner(ask.person):
        return await show_rules(ask, desk, here=house.here)
    if ask.rest and not (ask.rest == PAYLOAD and ask.chat.private):
        page = await desk.memories.page(ask.person, 0, FOUND, search=ask.rest)
        text, keyboard = found_view(ask.t, ask.person, ask.rest, page)
    else:
        text, keyboard = await list_view(ask.t, ask.person, 0, desk)
    return await send_privately(ask, desk, text, keyboard, PAYLOAD)
