"""What is searched beside messages: the terms of facts, summaries and passages of documents."""

from __future__ import annotations

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models.base import Base, BigInt


class SearchItem(Base):
    """An indexed fact, summary or chunk. The full-text index follows these rows by triggers.

    `owner` is whose it is: u<user id>, c<chat id>, or s (the system's own).
    """

    __tablename__ = "search_items"
    __table_args__ = (
        UniqueConstraint("kind", "item_id"),
        Index("ix_search_items_owner", "owner", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[int] = mapped_column(BigInt)
    owner: Mapped[str] = mapped_column(String(64))
    terms: Mapped[str] = mapped_column(Text)
