"""The messages of a turn: what it answers and replies to, what stands before, what matters of old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from bot.core.ids import SEQ_BITS, conversation_range, message_id
from bot.core.messages import AttachmentRef
from bot.core.views import MessageView
from bot.db.models import Attachment, Conversation, Message, Turn, TurnMessage
from bot.db.models.talk import IMPORTANT_FLOOR

QUOTE_LENGTH = 200
"""Characters of a replied-to message that are read as its quote."""

_REACH_STEP = 256
"""The oldest message that may matter moves so many at a time, so that what is shown seldom changes."""


@dataclass(frozen=True, slots=True)
class ViewLimits:
    """How many messages the history holds at most, and what time it is.

    Of older messages at most `important` with an importance of at least `importance` are read; messages more
    than `reach` before the newest are left out altogether.
    """

    now: datetime
    history: int = 100
    default_language: str = "en"
    important: int = 15
    importance: float = 0.7
    reach: int = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """The messages of one view; `history` and `important` oldest first, the latter all older than it."""

    current: tuple[MessageView, ...] = ()
    replied: MessageView | None = None
    history: tuple[MessageView, ...] = ()
    important: tuple[MessageView, ...] = ()


def find_messages(
    session: Session, conversation: Conversation, turn_id: int | None, limits: ViewLimits
) -> Found:
    """All messages that the turn's view holds, by one statement, and one more if any of them has files."""
    far = max(0, conversation.next_seq - limits.reach) // _REACH_STEP * _REACH_STEP
    first, last = conversation_range(conversation.no)
    values = {
        "first": message_id(conversation.no, max(1, conversation.window_from_seq, far)),
        "begin": first, "last": last, "now": limits.now, "conversation": conversation.no,
        "turn": turn_id or 0,
        # Of a deleted conversation nothing stands in a prompt any more.
        "history": 0 if conversation.status == "deleted" else limits.history,
        "important": limits.important, "importance": limits.importance,
    }  # fmt: skip
    rows = session.execute(_statement(limits.importance >= IMPORTANT_FLOOR), values).all()
    files = _attachments(session, {row.id for row in rows if row.content_type != "text"})
    by_part: dict[str, dict[int, MessageView]] = {}
    for row in rows:
        by_part.setdefault(row.part, {})[row.id] = _view(row, files.get(row.id, ()))
    current = _in_order(by_part.get("own", {}))
    replied = by_part.get("replied", {})
    return Found(
        current,
        next((replied[m.reply_to] for m in current if m.reply_to in replied), None),
        _in_order(by_part.get("window", {})),
        _in_order(by_part.get("important", {})),
    )


# Built once: to put a statement of this size together costs more than to run it.
@cache
def _statement(indexed: bool) -> Select[Any]:
    """The rows of all parts, each with the beginning of what it replies to where it has no quote."""
    # Aliases of its own: SQLAlchemy fills them at first use, and two readers may come here at once.
    m, q = aliased(Message, name="m"), aliased(Message, name="q")
    tagged = _tagged(indexed)
    kept = exists().where(Conversation.no == _conversation(q), Conversation.status != "deleted")
    quoted = and_(
        q.id == m.reply_to, m.quote.is_(None), m.direction != "outgoing", _alive(q),
        or_(q.id.between(bindparam("begin"), bindparam("last")), kept),
    )  # fmt: skip
    beginning = func.substr(q.content, 1, QUOTE_LENGTH).label("beginning")
    return (
        select(
            tagged.c.part, m.id, m.direction, m.sender_label, m.content, m.sent_at, m.content_type,
            m.token_count, m.reply_to, m.quote, m.forwarded_from, m.edited_at, m.importance, beginning,
        )
        .select_from(tagged)
        .join(m, m.id == tagged.c.id)
        .outerjoin(q, quoted)
        .where(_alive(m))
    )  # fmt: skip


def _tagged(indexed: bool) -> CTE:
    """Ids of messages with the part that each plays; one may play several."""
    window = _window()
    older = _important(window, indexed).subquery("older")
    own = _part("own", TurnMessage.message_id).where(TurnMessage.turn_id == bindparam("turn"))
    parts = (_part("window", window.c.id), _part("important", older.c.id), own, _replied())
    return union_all(*parts).cte("tagged")


def _part(name: str, id_: Any) -> Select[Any]:
    return select(literal_column(f"'{name}'").label("part"), id_.label("id"))


def _alive(message: type[Message]) -> ColumnElement[bool]:
    """Whether a message may still be shown: one whose time has run out never is."""
    return or_(message.expires_at.is_(None), message.expires_at > bindparam("now"))


def _window() -> CTE:
    """The newest messages before the turn's own; those of turns that still wait are answered later."""
    own = select(TurnMessage.message_id).where(TurnMessage.turn_id == bindparam("turn"))
    # Not one subquery with OR: it would look at every turn that the conversation ever had.
    waiting = (
        select(TurnMessage.message_id)
        .join(Turn, Turn.id == TurnMessage.turn_id)
        .where(
            Turn.conversation_no == bindparam("conversation"),
            Turn.status == "waiting",
            Turn.id != bindparam("turn"),
        )
    )
    return (
        select(Message.id)
        .where(Message.id.between(bindparam("first"), bindparam("last")), _alive(Message))
        .where(Message.id.not_in(own), or_(bindparam("turn") == 0, Message.id.not_in(waiting)))
        .order_by(Message.id.desc())
        .limit(bindparam("history"))
        .cte("recent")
    )


def _important(window: CTE, indexed: bool) -> Select[Any]:
    """The most important messages before the window, the newer ones of equals."""
    found = select(Message.id).where(
        Message.id >= bindparam("first"),
        Message.id < select(func.min(window.c.id)).scalar_subquery(),
        Message.importance >= bindparam("importance"),
        _alive(Message),
    )
    if indexed:
        # With a literal: a parameter would keep the planners from the partial index.
        found = found.where(Message.importance >= literal_column(str(IMPORTANT_FLOOR)))
    order = (Message.importance.desc(), Message.id.desc())
    return found.order_by(*order).limit(bindparam("important"))


def _replied() -> Select[Any]:
    """The message replied to, of whichever conversation, unless that one is deleted."""
    own, target = aliased(Message, name="own_message"), aliased(Message, name="target")
    return (
        _part("replied", target.id)
        .select_from(TurnMessage)
        .join(own, own.id == TurnMessage.message_id)
        .join(target, target.id == own.reply_to)
        .join(Conversation, Conversation.no == _conversation(target))
        .where(TurnMessage.turn_id == bindparam("turn"), Conversation.status != "deleted")
    )


def _conversation(message: type[Message]) -> ColumnElement[int]:
    # With a literal: PostgreSQL shifts by an integer only, and would be sent a bigint.
    return message.id.bitwise_rshift(literal_column(str(SEQ_BITS)))


def _in_order(views: dict[int, MessageView]) -> tuple[MessageView, ...]:
    return tuple(views[id_] for id_ in sorted(views))


def _view(row: Row[Any], files: Sequence[AttachmentRef]) -> MessageView:
    return MessageView(
        id=row.id,
        outgoing=row.direction == "outgoing",
        label=row.sender_label,
        text=row.content,
        sent_at=row.sent_at,
        content_type=row.content_type,
        token_count=row.token_count,
        reply_to=row.reply_to,
        reply_quote=row.quote or row.beginning,
        forwarded_from=row.forwarded_from,
        edited=row.edited_at is not None,
        importance=row.importance,
        attachments=tuple(files),
    )


def _attachments(session: Session, ids: set[int]) -> dict[int, list[AttachmentRef]]:
    found: dict[int, list[AttachmentRef]] = {}
    if not ids:
        return found
    rows = session.scalars(
        select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
    )  # fmt: skip
    for row in rows:
        found.setdefault(row.message_id, []).append(
            AttachmentRef(
                kind=row.kind,  # type: ignore[arg-type]  # written from an AttachmentRef
                file_id=row.file_id, unique_id=row.unique_id, mime=row.mime, size=row.size,
                width=row.width, height=row.height, name=row.name,
            )
        )  # fmt: skip
    return found
