"""How much a scope holds, from counters."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.models import Conversation, SearchItem


def message_count_of(session: Session, chat_ids: Sequence[int]) -> int:
    """Messages in these chats, by the counters of their conversations."""
    counted = select(func.sum(Conversation.message_count)).where(Conversation.chat_id.in_(chat_ids))
    return int(session.scalar(counted) or 0) if chat_ids else 0


def item_count_of(session: Session, owners: Sequence[str], kinds: Sequence[str]) -> int:
    """Indexed items of these owners and kinds."""
    if not owners or not kinds:
        return 0
    counted = select(func.count()).select_from(SearchItem)
    return session.scalar(counted.where(SearchItem.owner.in_(owners), SearchItem.kind.in_(kinds))) or 0
