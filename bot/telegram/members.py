"""How many people read along in a group, as Telegram counts them."""

from __future__ import annotations

import logging

from aiogram.exceptions import ClientDecodeError, TelegramAPIError

from bot.core.messages import ChatRef
from bot.telegram.desk import Desk
from bot.telegram.session import redacted

log = logging.getLogger(__name__)


async def count_members(desk: Desk, chat: ChatRef) -> None:
    """Ask for the number and keep it; the prompt names it. Without an answer the old number stays."""
    try:
        count = await desk.bot.get_chat_member_count(chat.external_id)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("chat %s: members not counted: %s", chat.external_id, redacted(str(error)))
        return
    await desk.chats.counted(chat, count)
