"""Facts and other kept memories, where each was said, and how far talk has been read for new ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt


class Memory(Base):
    """One fact. Valid while `invalid_at`, `archived_at` and `deleted_at` are None and it has not expired.

    `subject`: user (about `user_id`), conversation (about `conversation_no`) or system (the owner's own, for
    all chats, or for `chat_id` alone). `scope`: global (all chats), chat (only `chat_id`), private (never in
    groups). `origin`: explicit (the person said "remember" or stated it to the bot) or inferred.
    `closed_as` tells why a fact ended: changed, wrong or merged.
    """

    __tablename__ = "memories"
    __table_args__ = (
        Index("ix_memories_subject", "user_id", "created_at"),
        Index("ix_memories_conversation", "conversation_no"),
        Index("ix_memories_expires_at", "expires_at"),
        Index(
            "ix_memories_system",
            "chat_id",
            sqlite_where=text("subject = 'system'"),
            postgresql_where=text("subject = 'system'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    subject: Mapped[str] = mapped_column(String(16), default="user", server_default="user")
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    conversation_no: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("conversations.no", ondelete="CASCADE")
    )
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    text_key: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(16), default="global")
    chat_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="SET NULL"))
    sensitive: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=5)
    tags: Mapped[list[str]] = mapped_column(default=list)
    pinned: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str] = mapped_column(String(16))
    valid_at: Mapped[datetime]
    invalid_at: Mapped[datetime | None]
    closed_as: Mapped[str | None] = mapped_column(String(16))
    superseded_by: Mapped[int | None] = mapped_column(BigInt)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MemorySource(Base):
    """The message in which a fact was said, with the words that say it."""

    __tablename__ = "memory_sources"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    memory_id: Mapped[int] = mapped_column(BigInt, ForeignKey("memories.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )
    quote: Mapped[str] = mapped_column(Text)


class ExtractionMark(Base):
    """How far one person's words in one conversation were read for facts, and what waits since.

    `waiting_tokens` counts their own text after `upto_id`; `waiting_since` and `last_at` are the times of the
    first and the latest of it.
    """

    __tablename__ = "extraction_marks"
    __table_args__ = (Index("ix_extraction_marks_waiting_since", "waiting_since"),)

    conversation_no: Mapped[int] = mapped_column(
        BigInt, ForeignKey("conversations.no", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    upto_id: Mapped[int] = mapped_column(BigInt, default=0)
    waiting_tokens: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    last_at: Mapped[datetime | None]


class Document(Base):
    """A document given to the bot: a person's own (`user_id`), or a group's (`chat_id`).

    `status`: pending, ready or failed; `digest` tells the same file sent twice.
    """

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_owner", "user_id", "status"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    chat_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("chats.id", ondelete="CASCADE"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    mime: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInt)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    error: Mapped[str | None] = mapped_column(Text)
    chunk_count: Mapped[int] = mapped_column(default=0)
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Chunk(Base):
    """A passage of a document; `page` and `heading` are what a citation names."""

    __tablename__ = "chunks"
    __table_args__ = (UniqueConstraint("document_id", "position"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInt, ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int]
    page: Mapped[int | None]
    heading: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    token_count: Mapped[int]


class Vector(Base):
    """The embedding of a message, a memory or a chunk: float32 numbers of `model`, of length one.

    A row without a model waits to be embedded.
    """

    __tablename__ = "vectors"
    __table_args__ = (
        Index("ix_vectors_owner", "owner", "kind"),
        Index(
            "ix_vectors_waiting",
            "kind",
            "item_id",
            sqlite_where=text("model = ''"),
            postgresql_where=text("model = ''"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)
