"""Who may decide for a chat."""

from __future__ import annotations

from bot.core.messages import ChatRef, Person
from bot.telegram.desk import Desk

_ADMINS = ("creator", "administrator")


async def is_admin(desk: Desk, chat: ChatRef, person: Person) -> bool:
    """Whether a person decides here: everybody in a private chat, administrators in groups."""
    if chat.private:
        return True
    member = await desk.bot.get_chat_member(chat.external_id, int(person.external_id))
    return member.status in _ADMINS
