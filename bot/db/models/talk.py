"""Conversations and their messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt

IMPORTANT_FLOOR = 0.5
"""Messages of at least this importance stand in an index of their own."""


class Conversation(Base):
    """One thread of talk; at most one per scope key is active. `no` leads the ids of its messages.

    `application` made it, under its own `external_id`; `source_id` tells the same import made twice. Nothing
    of an `incognito` one outlives its end.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index(
            "uq_conversations_active_scope",
            "scope_key",
            unique=True,
            sqlite_where=text("status = 'active'"),
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_conversations_owner", "user_id", "status"),
        Index("ix_conversations_external", "application", "external_id"),
        {"sqlite_autoincrement": True},
    )

    no: Mapped[int] = mapped_column(BigInt, primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    scope_key: Mapped[str] = mapped_column(String(255))
    chat_id: Mapped[int] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="CASCADE"), index=True)
    topic_id: Mapped[int | None] = mapped_column(BigInt)
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="active")
    context_summary: Mapped[str | None] = mapped_column(Text)
    summary_upto_seq: Mapped[int] = mapped_column(default=0)
    message_count: Mapped[int] = mapped_column(default=0)
    next_seq: Mapped[int] = mapped_column(BigInt, default=1)
    window_from_seq: Mapped[int] = mapped_column(BigInt, default=1)
    incognito: Mapped[bool] = mapped_column(default=False, server_default=false())
    external_id: Mapped[str | None] = mapped_column(String(255))
    application: Mapped[str | None] = mapped_column(String(64))
    source_id: Mapped[str | None] = mapped_column(String(64), index=True)
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Message(Base):
    """One message of a conversation; `id` is conversation number and sequence number in one key."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(
            "ix_messages_expires_at",
            "expires_at",
            sqlite_where=text("expires_at IS NOT NULL"),
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        Index(
            "ix_messages_unindexed",
            "id",
            sqlite_where=text("search_text IS NULL"),
            postgresql_where=text("search_text IS NULL"),
        ),
        Index(
            "ix_messages_important",
            "id",
            "importance",
            sqlite_where=text(f"importance >= {IMPORTANT_FLOOR}"),
            postgresql_where=text(f"importance >= {IMPORTANT_FLOOR}"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    sender_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    sender_label: Mapped[str] = mapped_column(Text, default="")
    direction: Mapped[str] = mapped_column(String(10))
    content_type: Mapped[str] = mapped_column(String(16), default="text")
    content: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str | None] = mapped_column(Text)
    token_count: Mapped[int] = mapped_column(default=0)
    importance: Mapped[float | None]
    relevance_score: Mapped[float | None]
    context_entries_used: Mapped[int | None]
    processing_time_ms: Mapped[int | None]
    reply_to: Mapped[int | None] = mapped_column(BigInt)
    quote: Mapped[str | None] = mapped_column(Text)
    forwarded_from: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    sent_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class MessageVersion(Base):
    """What a message said before it was edited."""

    __tablename__ = "message_versions"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInt, ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    content: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]


class MessageRef(Base):
    """A platform's message id for a message of ours; a long reply has several."""

    __tablename__ = "message_refs"

    chat_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    external_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInt, ForeignKey("messages.id", ondelete="CASCADE"), index=True)


class Attachment(Base):
    """A file that came with a message; its bytes stay at the platform."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInt, ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    file_id: Mapped[str] = mapped_column(Text)
    unique_id: Mapped[str] = mapped_column(Text, default="")
    mime: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(BigInt)
    width: Mapped[int | None]
    height: Mapped[int | None]
    name: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)


class Summary(Base):
    """The summary of a chat's (topic's) last days; one per kind, replaced as a whole."""

    __tablename__ = "summaries"
    __table_args__ = (UniqueConstraint("chat_id", "topic_id", "kind"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(BigInt, default=0)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    token_count: Mapped[int]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    cursor_at: Mapped[datetime]
    model: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
