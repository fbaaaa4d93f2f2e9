"""Unfinished matters of a dialogue, and the bookings that come of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt


class DialogueState(Base):
    """A typed state of one person in one chat; past `expires_at` it is gone, whether cleaned up or not."""

    __tablename__ = "conversation_context"
    __table_args__ = (
        UniqueConstraint("user_id", "chat_id", "type"),
        Index("ix_conversation_context_expires_at", "expires_at"),
        {"sqlite_autoincrement": True},  # the id is part of buttons: never given twice
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Booking(Base):
    """A stored booking; `state_id` is the dialogue state that it came of, so that it comes but once."""

    __tablename__ = "bookings"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    chat_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="SET NULL"))
    state_id: Mapped[int | None] = mapped_column(BigInt, unique=True)
    service: Mapped[str] = mapped_column(Text, default="")
    master: Mapped[str] = mapped_column(Text, default="")
    date: Mapped[str] = mapped_column(String(64), default="")
    time: Mapped[str] = mapped_column(String(64), default="")
    phone: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[str] = mapped_column(String(16), default="booked")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
