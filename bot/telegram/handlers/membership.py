"""The bot comes into a group or is sent away; others come and go."""

from __future__ import annotations

import logging

from aiogram.types import ChatMemberUpdated

from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import pending_key
from bot.telegram.handlers.past import offer_past
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import approve_buttons
from bot.telegram.members import count_members
from bot.telegram.privacy import privacy_note, reads_all

log = logging.getLogger(__name__)

_INSIDE = ("creator", "administrator", "member", "restricted")


async def on_my_chat_member(event: ChatMemberUpdated, desk: Desk, key: str) -> None:
    """Greet a group on arrival; once sent away (or blocked), end quietly what is still owed there.

    In channels the bot keeps still: see `on_channel_post`.
    """
    before, after = event.old_chat_member.status, event.new_chat_member.status
    chat = chat_of(event.chat)
    log.info("in chat %s the bot was %s, is %s", chat.external_id, before, after)
    if after not in _INSIDE:
        await desk.turns.leave(chat)
        return
    if chat.type not in ("group", "supergroup") or before in _INSIDE:
        return
    person = person_of(event.from_user)
    pending = await desk.access.decide(person, chat) != "allowed"
    t = await desk.translator(person)
    text = _greeting(t, desk, pending=pending, sees=await reads_all(desk, chat))
    await desk.replier(key, chat).send(text, approve_buttons(t) if pending else None)
    if pending:
        await desk.replier(pending_key(chat), chat).count_as_said()
    else:
        await count_members(desk, chat)
        await offer_past(desk, chat, t)


async def on_chat_member(event: ChatMemberUpdated, desk: Desk) -> None:
    """Somebody came or went; Telegram tells it to administrators only."""
    member = event.new_chat_member
    inside = member.status in _INSIDE and getattr(member, "is_member", True)
    await desk.chats.member_changed(chat_of(event.chat), person_of(member.user), inside=inside)


def _greeting(t: Translator, desk: Desk, *, pending: bool, sees: bool) -> str:
    """Who has come, what is recorded, and what has to happen first."""
    lines = [
        t(
            "Hello! I am {name}. I keep what is written here, so that I can answer with what was said. I "
            "answer when I am mentioned, replied to, called by my name or given a command. /help says more.",
            name=desk.identity.name,
        )
    ]
    if not sees:
        lines.append(privacy_note(t))
    if pending:
        lines.append(t("An allowed person has to approve this group first; until then I record nothing."))
    return "\n\n".join(lines)
