"""aiogram's messages as the house's own values."""

from __future__ import annotations

from datetime import UTC
from typing import Literal, cast

from aiogram.types import (
    CallbackQuery,
    Chat,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    User,
)

from bot.core.messages import ChatRef, ChatType, Incoming, Person
from bot.core.text import label, visible
from bot.telegram.addressing import Addressing
from bot.telegram.content import attachments_of, content_of
from bot.telegram.intake import lane_of

_TITLE_LIMIT = 128
_QUOTE_LIMIT = 1000
_LINKS = ("url", "text_link")


def person_of(user: User) -> Person:
    """The person behind an account; names are untrusted and come as capped single lines."""
    return Person(
        external_id=str(user.id),
        first_name=label(user.first_name),
        last_name=label(user.last_name or ""),
        username=user.username,
        language_code=user.language_code,
        is_bot=user.is_bot,
    )


def chat_of(chat: Chat, message: Message | None = None) -> ChatRef:
    """The chat, with the topic when `message` really stands in one."""
    topic = message.message_thread_id if message is not None and message.is_topic_message else None
    return ChatRef(
        external_id=str(chat.id),
        type=cast("ChatType", chat.type),
        title=label(chat.title, _TITLE_LIMIT) if chat.title else None,
        username=chat.username,
        topic_id=topic,
        topic_title=_topic_title(message) if topic is not None and message is not None else None,
    )


def chat_of_callback(query: CallbackQuery) -> ChatRef | None:
    """The chat of the message that the button stands on; None for inline messages."""
    if query.message is None:
        return None
    return chat_of(query.message.chat, query.message if isinstance(query.message, Message) else None)


def incoming_of(
    message: Message, addressing: Addressing, kind: Literal["new", "edit"] = "new"
) -> Incoming | None:
    """The message as the flow takes it; None for service messages, which say nothing."""
    content = content_of(message)
    if content is None:
        return None
    sender, title = _sender(message)
    command = addressing.command(message)
    replied = _replied(message)
    return Incoming(
        key=f"tg:{addressing.bot_id}:{message.chat.id}:{message.message_id}",
        chat=chat_of(message.chat, message),
        external_id=str(message.message_id),
        sent_at=message.date.astimezone(UTC),
        sender=sender,
        sender_title=title,
        text=visible(content.text),
        content_type=content.type,
        attachments=attachments_of(message),
        reply_to_external_id=str(replied.message_id) if replied else None,
        reply_to_text=_text_of(replied),
        reply_to_sender=_name_of(replied),
        quote=visible(message.quote.text)[:_QUOTE_LIMIT] if message.quote else None,
        forwarded_from=_origin(message),
        media_group_id=message.media_group_id,
        has_links=any(e.type in _LINKS for e in message.entities or message.caption_entities or ()),
        via_command=command.name if command else None,
        # An edit never starts a turn, also not one that mentions the bot only now: its reader would find an
        # answer to something that was said long ago, and a corrected question would be answered twice.
        addressed=addressing.reason(message, command) if kind == "new" else None,
        speaker_id=str(message.sender_chat.id) if message.sender_chat is not None else None,
        lane=lane_of(addressing.bot_id, str(message.chat.id)),
    )


def _sender(message: Message) -> tuple[Person | None, str | None]:
    """Who speaks: a person, or the title of the chat that an anonymous admin or a channel speaks as."""
    if message.sender_chat is not None:
        return None, label(message.sender_chat.title or message.sender_chat.full_name, _TITLE_LIMIT)
    if message.from_user is None:
        return None, label(message.chat.title or "", _TITLE_LIMIT) or None
    return person_of(message.from_user), None


def _replied(message: Message) -> Message | None:
    replied = message.reply_to_message
    # Inside a topic every message "replies" to the one that created the topic.
    return None if replied is None or replied.forum_topic_created else replied


def _text_of(replied: Message | None) -> str | None:
    content = content_of(replied) if replied else None
    return visible(content.text)[:_QUOTE_LIMIT] or None if content else None


def _name_of(replied: Message | None) -> str | None:
    if replied is None:
        return None
    person, title = _sender(replied)
    return person.full_name if person else title


def _topic_title(message: Message) -> str | None:
    first = message.reply_to_message
    created = first.forum_topic_created if first else None
    return label(created.name, _TITLE_LIMIT) if created else None


def _origin(message: Message) -> str | None:
    """Whose words a forward carries; a quote from another chat is not the sender's own either."""
    origin = message.forward_origin
    if origin is None and message.external_reply is not None:
        origin = message.external_reply.origin if message.quote else None
    match origin:
        case MessageOriginUser():
            return label(origin.sender_user.full_name)
        case MessageOriginHiddenUser():
            return label(origin.sender_user_name)
        case MessageOriginChat():
            return label(origin.sender_chat.title or "chat", _TITLE_LIMIT)
        case MessageOriginChannel():
            return label(origin.chat.title or "channel", _TITLE_LIMIT)
        case None:
            return None
