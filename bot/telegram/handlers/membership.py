"""The bot comes into a group, or is sent away."""

from __future__ import annotations

import logging

from aiogram.types import ChatMemberUpdated

from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import pending_key
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import approve_buttons

log = logging.getLogger(__name__)

_INSIDE = ("member", "administrator", "restricted")


async def on_my_chat_member(event: ChatMemberUpdated, desk: Desk, key: str) -> None:
    """Greet a group on arrival; there is nothing to do about anything else."""
    before, after = event.old_chat_member.status, event.new_chat_member.status
    chat = chat_of(event.chat)
    log.info("in chat %s the bot was %s, is %s", chat.external_id, before, after)
    if chat.type not in ("group", "supergroup") or before in _INSIDE or after not in _INSIDE:
        return
    person = person_of(event.from_user)
    pending = await desk.access.decide(person, chat) != "allowed"
    t = await desk.translator(person)
    text = _greeting(t, desk, pending=pending)
    await desk.replier(key, chat).send(text, approve_buttons(t) if pending else None)
    if pending:
        await desk.replier(pending_key(chat), chat).count_as_said()


def _greeting(t: Translator, desk: Desk, *, pending: bool) -> str:
    """Who has come, what is recorded, and what has to happen first."""
    lines = [
        t(
            "Hello! I am {name}. I keep what is written here, so that I can answer with what was said. I "
            "answer when I am mentioned, replied to, called by my name or given a command. /help says more.",
            name=desk.identity.name,
        )
    ]
    if not desk.reads_groups:
        lines.append(t("Telegram shows me only commands, replies to me and mentions of me in this group."))
    if pending:
        lines.append(t("An allowed person has to approve this group first; until then I record nothing."))
    return "\n\n".join(lines)
