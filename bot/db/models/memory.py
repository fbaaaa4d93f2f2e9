"""Facts about people, and where each was said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt


class Memory(Base):
    """One fact. Valid while `invalid_at`, `archived_at` and `deleted_at` are None and it has not expired.

    `scope`: global (all chats), chat (only `chat_id`), private (never in groups).
    `origin`: explicit (the person said "remember" or stated it to the bot) or inferred.
    """

    __tablename__ = "memories"
    __table_args__ = (
        Index("ix_memories_subject", "user_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
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
