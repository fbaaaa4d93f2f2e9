"""Loads a chat as the printed snippet names it: by ids, with a platform's own message as the reply."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from bot.context.services import ContextServices
from bot.context.window import shows_important
from bot.core.errors import NotFound
from bot.core.messages import AttachmentRef, ChatRef, ChatType, ContentType, Person
from bot.core.scope import Scope
from bot.core.text import label
from bot.core.views import MessageView, TurnView
from bot.db.repositories.turn_view import ViewLimits, load_for_chat

_SINGLE_FILES: tuple[tuple[str, ContentType], ...] = (
    ("voice", "voice"), ("video", "video"), ("document", "document"), ("sticker", "sticker"),
)  # fmt: skip


def view_limits(services: ContextServices) -> ViewLimits:
    """How much of a conversation is read for one context, now."""
    settings = services.settings
    return ViewLimits(
        services.clock.now(),
        settings.immediate_context_messages,
        settings.default_language,
        # A summary-only or window-only prompt shows none of them.
        important=settings.important_messages_limit if shows_important(settings) else 0,
        importance=settings.importance_threshold,
        reach=settings.conversation_max_messages,
    )


async def load_chat(services: ContextServices, chat: ChatRef, person: Person) -> TurnView:
    """The view of a chat with no current message; an unknown chat or person has an empty one."""
    settings, limits = services.settings, view_limits(services)

    def unit(session: Session) -> TurnView:
        try:
            return load_for_chat(session, chat, person, limits)
        except NotFound:
            return TurnView(
                scope=Scope(None, None, chat.private), chat=chat, asker=person, conversation_no=0,
                conversation_id="", language=person.language_code or settings.default_language,
            )  # fmt: skip

    return await services.database.read(unit)


def chat_ref(chat_id: int | str, title: str | None, chat_type: str | None, message: object) -> ChatRef:
    """The chat that the snippet's arguments name; a negative Telegram id is a group's."""
    kind = getattr(chat_type, "value", chat_type)
    if kind is None:
        kind = "supergroup" if str(chat_id).startswith("-") else "private"
    topic = (
        getattr(message, "message_thread_id", None) if getattr(message, "is_topic_message", None) else None
    )
    return ChatRef(str(chat_id), cast("ChatType", str(kind)), title=title, topic_id=topic)


def named(view: TurnView, title: str | None) -> TurnView:
    """The view with the title that the caller knows, where the stored chat has none."""
    return replace(view, chat=replace(view.chat, title=title)) if title and not view.chat.title else view


def as_view(message: Any, bot_id: str) -> MessageView:
    """A platform's message object as a view. Read by attribute, so that no platform's library is needed."""
    sender, chat = getattr(message, "from_user", None), getattr(message, "sender_chat", None)
    files = tuple(_files(message))
    sent = getattr(message, "date", None)
    return MessageView(
        id=-int(message.message_id),  # the platform's number: it never meets one of our own ids
        outgoing=sender is not None and str(sender.id) == bot_id,
        label=_label(sender) if chat is None else label(getattr(chat, "title", None) or "?"),
        text=getattr(message, "text", None) or getattr(message, "caption", None) or "",
        sent_at=sent if isinstance(sent, datetime) and sent.tzinfo else datetime.now(UTC),
        content_type=files[0].kind if files else "text",
        attachments=files,
    )


def _files(message: Any) -> list[AttachmentRef]:
    files = []
    if photo := getattr(message, "photo", None):
        best = photo[-1]
        files.append(AttachmentRef("image", best.file_id, size=getattr(best, "file_size", None)))
    for attribute, kind in _SINGLE_FILES:
        if (file := getattr(message, attribute, None)) is not None:
            size, name = getattr(file, "file_size", None), getattr(file, "file_name", None)
            mime = getattr(file, "mime_type", None)
            files.append(AttachmentRef(kind, file.file_id, mime=mime, size=size, name=name))
    return files


def _label(sender: Any) -> str:
    if sender is None:
        return "?"
    name = " ".join(filter(None, (sender.first_name, getattr(sender, "last_name", None))))
    at = f"@{label(sender.username)}, " if getattr(sender, "username", None) else ""
    return f"{label(name) or sender.id} ({at}id:{sender.id})"
