"""The durable state of the flow: jobs, turns, their steps, deliveries, usage and traces."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt

_UNFINISHED = text("status IN ('queued', 'running')")


class Job(Base):
    """A piece of durable work. Within a lane jobs run one at a time, in the order of their ids."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_lane_open", "lane", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_jobs_due_open", "pool", "due_at", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_jobs_finished_at", "finished_at"),
        {"sqlite_autoincrement": True},  # the id is part of delivery keys: never given twice
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    pool: Mapped[str] = mapped_column(String(16))
    lane: Mapped[str] = mapped_column(String(255))
    dedup_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    first_failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Turn(Base):
    """One answer being made: from the addressing message(s) to the delivered reply."""

    __tablename__ = "turns"
    __table_args__ = (
        Index("ix_turns_conversation", "conversation_no", "status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    conversation_no: Mapped[int] = mapped_column(BigInt, ForeignKey("conversations.no", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInt, ForeignKey("chats.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(BigInt)
    reply_message_id: Mapped[int | None] = mapped_column(BigInt)
    channel: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    language: Mapped[str] = mapped_column(String(8))
    burst_key: Mapped[str | None] = mapped_column(String(128))
    tainted: Mapped[bool] = mapped_column(default=False)
    stop_requested: Mapped[bool] = mapped_column(default=False)
    error_key: Mapped[str | None] = mapped_column(String(64))
    notices: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    last_part_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class TurnMessage(Base):
    """A message that a turn answers; an album or a burst has several."""

    __tablename__ = "turn_messages"

    turn_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    message_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False, index=True)


class TurnStep(Base):
    """A finished model call or tool result of a turn; a re-run reads it instead of paying again."""

    __tablename__ = "turn_steps"
    __table_args__ = (UniqueConstraint("turn_id", "key"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    turn_id: Mapped[int] = mapped_column(BigInt, ForeignKey("turns.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(128))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Delivery(Base):
    """What has become visible of one answer: the platform's message ids, first part first."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    chat_external_id: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="open")
    external_ids: Mapped[list[Any]] = mapped_column(default=list)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UsageRow(Base):
    """One paid model call in the ledger; `cost` in dollars, None where no price is known."""

    __tablename__ = "usage"
    __table_args__ = (Index("ix_usage_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    turn_id: Mapped[int | None] = mapped_column(BigInt, index=True)
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="SET NULL"))
    purpose: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(Text)
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    estimated: Mapped[bool]
    cost: Mapped[float | None] = mapped_column(Float)
    created_at: Mapped[datetime]


class UsageDay(Base):
    """The ledger of a finished UTC day, summed; `application` is "" where none asked.

    `answers` are the turns that calls were made for; calls without a price cost
    nothing here.
    """

    __tablename__ = "usage_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    calls: Mapped[int]
    answers: Mapped[int]
    prompt_tokens: Mapped[int] = mapped_column(BigInt)
    completion_tokens: Mapped[int] = mapped_column(BigInt)
    cached_tokens: Mapped[int] = mapped_column(BigInt)
    cost: Mapped[float] = mapped_column(Float)


class Trace(Base):
    """What a reply knew: the table of layers, and the sent prompt, compressed, for a while."""

    __tablename__ = "traces"

    turn_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    message_id: Mapped[int | None] = mapped_column(BigInt, index=True)
    layers: Mapped[list[Any]]
    prompt: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
