"""The audit: who looked at what was not their own."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from bot.db.models import AuditRow, Chat, Conversation, User

_LENGTH = 255


def user_target(platform: str, external_id: str) -> str:
    """How a person is called in the audit."""
    return _fitting("user", f"{platform}:{external_id}")


def chat_target(platform: str, external_id: str) -> str:
    """The same for a chat."""
    return _fitting("chat", f"{platform}:{external_id}")


def target_of(session: Session, what: User | Conversation) -> tuple[str, dict[str, Any]]:
    """Whom it concerns, and more about it: of a conversation its person, in a group the chat."""
    if isinstance(what, User):
        return user_target(what.platform, what.external_id), {}
    more = {"conversation_id": what.id}
    if what.user_id is not None:
        return target_of(session, session.get_one(User, what.user_id))[0], more
    chat = session.get_one(Chat, what.chat_id)
    return chat_target(chat.platform, chat.external_id), more


def note(
    session: Session,
    actor: str,
    action: str,
    target: str,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Write down that somebody looked."""
    session.add(AuditRow(actor=actor, action=action, target=target, details=details or {}, created_at=now))


def forget(session: Session, platform: str, external_id: str) -> None:
    """Delete what names a person, and nothing else: nobody's going away covers another's looking."""
    own = (user_target(platform, external_id), chat_target(platform, external_id))
    session.execute(
        delete(AuditRow)
        .where(or_(AuditRow.target.in_(own), AuditRow.actor == own[0]))
        .execution_options(synchronize_session=False)
    )


def _fitting(kind: str, name: str) -> str:
    whole = f"{kind}:{name}"
    if len(whole) <= _LENGTH:
        return whole
    return f"{kind}:sha256:{hashlib.sha256(name.encode()).hexdigest()}"
