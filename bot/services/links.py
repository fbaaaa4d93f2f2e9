"""Addresses under which a platform shows a message."""

from __future__ import annotations

from bot.core.messages import ChatRef

_SUPERGROUP = "-100"


def message_link(chat: ChatRef, external_id: str | None) -> str | None:
    """The address of a message for those who are in its chat; None where the platform has none.

    Telegram has them in supergroups and channels; ids with a colon belong to the group that a supergroup
    once was.
    """
    named = chat.platform == "tg" and chat.external_id.startswith(_SUPERGROUP)
    if not named or external_id is None or not external_id.isdecimal():
        return None
    return f"https://t.me/c/{chat.external_id.removeprefix(_SUPERGROUP)}/{external_id}"
