"""Business accounts and guest questions: taken note of, and never answered on anybody's behalf.

What a customer writes to a business account, and what is asked of the bot in chats where it is no member,
was not said to this bot by people who know that it remembers. So nothing of it is stored: the update's job is
done, its payload is dropped with it, and the log holds one line.
"""

from __future__ import annotations

import logging

from aiogram.types import BusinessConnection, BusinessMessagesDeleted, Message

from bot.core.messages import ChatRef
from bot.telegram.convert import person_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import Doorman

log = logging.getLogger(__name__)


async def on_business_connection(connection: BusinessConnection, desk: Desk, doorman: Doorman) -> None:
    """Say once to the account's owner, in their own chat with the bot, what the bot does not do."""
    log.info("business connection %s, enabled: %s", connection.id, connection.is_enabled)
    if not connection.is_enabled:
        return None
    person = person_of(connection.user)
    chat = ChatRef(external_id=str(connection.user_chat_id), type="private")
    decision = await desk.access.decide(person, chat)
    if decision != "allowed":
        return await doorman.answer(decision, chat, person, desk)
    t = await desk.translator(person)
    text = t(
        "I do not answer on behalf of accounts yet. What your customers write is neither answered nor kept; "
        "you can disconnect me in Telegram's business settings. Here I am at your service."
    )
    await desk.replier(f"business:{person.external_id}", chat).send(text)
    return None


async def on_business_message(message: Message) -> None:
    """Leave a message between an account and its customer alone, new or edited."""
    log.info("business connection %s: a message was left alone", message.business_connection_id)


async def on_business_messages_deleted(deleted: BusinessMessagesDeleted) -> None:
    """Nothing of them was kept."""
    log.info("business connection %s: messages were deleted", deleted.business_connection_id)


async def on_guest_message(message: Message) -> None:
    """Leave a question from a chat where the bot is no member alone."""
    log.info("a guest question in chat %s was left alone", message.chat.id)
