"""Telegram's privacy mode: whether the bot sees what a group says among itself."""

from __future__ import annotations

import logging

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import ChatMemberAdministrator

from bot.core.messages import ChatRef
from bot.telegram.desk import Desk
from bot.telegram.i18n import Translator
from bot.telegram.session import redacted

log = logging.getLogger(__name__)


async def reads_all(desk: Desk, chat: ChatRef) -> bool:
    """Whether the bot sees every message of a group, as far as Telegram tells now.

    A mode that was switched after the bot had joined takes effect only when it is added again.
    """
    try:
        me = await desk.bot.get_me()
        if me.can_read_all_group_messages:
            return True
        member = await desk.bot.get_chat_member(chat.external_id, me.id)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("chat %s: privacy mode not looked up: %s", chat.external_id, redacted(str(error)))
        return desk.reads_groups
    return isinstance(member, ChatMemberAdministrator)


def privacy_note(t: Translator) -> str:
    """What the bot does not see, and how to change that."""
    return t(
        "Telegram shows me only commands, replies to me and mentions of me in this group. To let me read "
        "along, send /setprivacy to @BotFather, choose Disable, and add me to the group again; or make me an "
        "administrator."
    )
