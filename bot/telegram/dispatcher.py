"""From a stored update to its handler: one router, no filters, nothing swallowed."""

from __future__ import annotations

import logging
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod
from aiogram.types import MessageGenerationStopped, TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError

from bot.core.errors import DeliveryError, RetryLater
from bot.core.messages import Person
from bot.telegram.convert import chat_of
from bot.telegram.desk import Desk
from bot.telegram.doorman import Doorman
from bot.telegram.handlers.business import (
    on_business_connection,
    on_business_message,
    on_business_messages_deleted,
    on_guest_message,
)
from bot.telegram.handlers.callbacks import on_callback
from bot.telegram.handlers.membership import on_chat_member, on_my_chat_member
from bot.telegram.handlers.messages import on_channel_post, on_edited_message, on_message
from bot.telegram.writer import failure_of

log = logging.getLogger(__name__)


class HandlerReturnedMethod(TypeError):
    """A handler returned a request instead of awaiting it: it would never be sent."""


def build_dispatcher(desk: Desk, doorman: Doorman) -> Dispatcher:
    """The dispatcher over the handlers; without dialogue storage, which is not where our state lives."""
    dispatcher = Dispatcher(disable_fsm=True, desk=desk, doorman=doorman)
    dispatcher.message.register(on_message)
    dispatcher.edited_message.register(on_edited_message)
    dispatcher.callback_query.register(on_callback)
    dispatcher.my_chat_member.register(on_my_chat_member)
    dispatcher.chat_member.register(on_chat_member)
    dispatcher.channel_post.register(on_channel_post)
    dispatcher.business_connection.register(on_business_connection)
    dispatcher.business_message.register(on_business_message)
    dispatcher.edited_business_message.register(on_business_message)
    dispatcher.deleted_business_messages.register(on_business_messages_deleted)
    dispatcher.guest_message.register(on_guest_message)
    dispatcher.stopped_message_generation.register(on_stopped_generation)
    return dispatcher


async def on_stopped_generation(event: MessageGenerationStopped, desk: Desk) -> None:
    """The reader of a draft pressed Stop; a draft stands in a private chat, whose id is its person's."""
    await desk.turns.stop(chat_of(event.chat), Person(external_id=str(event.chat.id)))


async def handle_update(dispatcher: Dispatcher, bot: Bot, raw: dict[str, Any], key: str) -> None:
    """Handle one stored update.

    Raises pydantic's ValidationError for one that cannot be parsed, RetryLater when Telegram asks to wait,
    and whatever the handler raises: the worker decides about all of them.
    """
    update = Update.model_validate(raw, context={"bot": bot})
    if _kind(update) is None:
        log.info("update %s is of an unknown kind: %s", update.update_id, sorted(raw))
        return
    try:
        result = await dispatcher.feed_update(bot, update, key=key)
    except (DeliveryError, TelegramAPIError) as refused:
        error = failure_of(refused) if isinstance(refused, TelegramAPIError) else refused
        if error.retry_after is not None:
            raise RetryLater(str(error), error.retry_after) from error
        log.info("update %s cannot be answered: %s", update.update_id, error)
        return
    if isinstance(result, TelegramMethod):
        raise HandlerReturnedMethod(f"{type(result).__name__} was returned, not sent")


def _kind(update: Update) -> TelegramObject | None:
    try:
        event: TelegramObject = update.event
    except UpdateTypeLookupError:
        return None
    return event
