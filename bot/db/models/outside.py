"""What stands between the house and those who reach it from outside: keys, records of access, transfers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt


class ApiKey(Base):
    """A key of an application, kept as a hash; `prefix` is what people know it by.

    It reaches what its application made, or one person when `user_id` binds it.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    application: Mapped[str] = mapped_column(String(64))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    user_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotentAnswer(Base):
    """The first answer to a POST that carried an Idempotency-Key; `caller` is whose key that is."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index("ix_idempotent_answers_created_at", "created_at"),)

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Who looked at or changed what was not their own."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    actor: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(255))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class Import(Base):
    """An import and how far it came; the same source is imported once for the same owner."""

    __tablename__ = "imports"
    __table_args__ = (UniqueConstraint("owner", "kind", "digest"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Erasure(Base):
    """The tombstone of an erased person: a hash of who it was, and the receipt of what was removed."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    person: Mapped[str] = mapped_column(String(64), index=True)
    receipt: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
