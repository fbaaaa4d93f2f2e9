"""The conversations of a place or of a person: which there are, which one is active, which are let go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.core.jobs import NewJob
from bot.db.models import Chat, Conversation, Message, Trace, Turn, User
from bot.db.repositories import jobs, summaries, talk, turns

UNSEE = "conversation.unsee"
"""Kind of the job that lets go of prompts in which a deleted conversation stands."""

SHOWN = ("active", "archived")

_TRIES = 5
_FIRST = 12
"""Messages of a conversation that may give it a title."""

_BEGINNING = 200

last_use: ColumnElement[datetime] = func.coalesce(Conversation.last_message_at, Conversation.created_at)
"""When something was last said in a conversation."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose conversations: one person's, those that one application made, or (both None) all, for admins."""

    user_id: int | None = None
    application: str | None = None


Place = tuple[datetime, int]
"""Where a list goes on: when the last one shown was used, and its number."""


def listed(
    session: Session,
    whose: Whose,
    status: str | None,
    limit: int,
    *,
    before: Place | None = None,
    offset: int = 0,
) -> list[Conversation]:
    """Conversations, the last used first; deleted and incognito ones never."""
    query = select(Conversation).where(
        Conversation.status.in_(SHOWN if status is None else (status,)),
        Conversation.status != "deleted",
        Conversation.incognito.is_(False),
        true() if whose.user_id is None else Conversation.user_id == whose.user_id,
        true() if whose.application is None else Conversation.application == whose.application,
    )
    if before is not None:
        used, no = before
        query = query.where(or_(last_use < used, and_(last_use == used, Conversation.no < no)))
    ordered = query.order_by(last_use.desc(), Conversation.no.desc())
    return list(session.scalars(ordered.offset(offset).limit(limit)))


def of_place(session: Session, chat: Chat, key: str) -> list[Conversation]:
    """What was ever talked in a place, the active one first, then the last used; deleted ones never."""
    return list(
        session.scalars(
            select(Conversation)
            .where(Conversation.chat_id == chat.id, Conversation.scope_key == key)
            .where(Conversation.status.in_(SHOWN), Conversation.incognito.is_(False))
            .where(or_(Conversation.status == "active", Conversation.message_count > 0))
            .order_by((Conversation.status == "active").desc(), last_use.desc(), Conversation.no.desc())
        )
    )


def chats_of(session: Session, rows: Sequence[Conversation]) -> dict[int, str]:
    """The platform's ids of the chats of conversations, by ours."""
    ids = {row.chat_id for row in rows}
    found = session.execute(select(Chat.id, Chat.external_id).where(Chat.id.in_(ids)))
    return {row.id: row.external_id for row in found}


def locked(session: Session, no: int) -> Conversation | None:
    """A conversation as it is now, kept so until the commit."""
    return session.scalar(
        select(Conversation)
        .where(Conversation.no == no)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def reopen(session: Session, conversation: Conversation, now: datetime) -> Conversation | None:
    """Make a conversation active and archive the one that was; that one is returned.

    Whoever begins another one at the same moment is archived too.
    """
    for _ in range(_TRIES):
        before = talk.find_active(session, conversation.scope_key)
        if before is not None and before.no == conversation.no:
            return None
        if before is not None:
            talk.archive(session, before, now, cleared=False)
        try:
            with session.begin_nested():
                talk.activate(session, conversation, now)
        except IntegrityError:
            session.refresh(conversation)
            continue
        return before
    raise RuntimeError("another conversation of the place began each time")


def hide(session: Session, conversation: Conversation, now: datetime) -> None:
    """Delete a conversation for everybody's eyes; its rows go after the days of grace.

    Its answers end, its chat's summaries are made again without it, and its own prompts are let go.
    """
    no = conversation.no
    conversation.status, conversation.deleted_at, conversation.updated_at = "deleted", now, now
    session.flush()
    owed = select(Turn.id).where(Turn.conversation_no == no, Turn.status.in_(turns.OPEN))
    turns.request_stop(session, list(session.scalars(owed)))
    summaries.restart(session, conversation.chat_id, conversation.topic_id or 0)
    key = f"unsee:{no}:{now.isoformat()}"
    jobs.enqueue(session, [NewJob(UNSEE, "background", f"turn:{no}", {"conversation_no": no}, key)], now)
    own = select(Turn.id).where(Turn.conversation_no == no)
    session.execute(
        update(Trace)
        .where(Trace.turn_id.in_(own))
        .values(prompt=None)
        .execution_options(synchronize_session=False)
    )


def make_room(session: Session, user_id: int, most: int, now: datetime, keep: int | None = None) -> int:
    """Let the least recently used of a person's active conversations rest until `most` are left.

    Their private ones and those over HTTP count, groups and incognito ones do not; `keep` (its number) stays.
    """
    rows = session.scalars(
        select(Conversation)
        .where(Conversation.user_id == user_id, Conversation.status == literal_column("'active'"))
        .where(Conversation.incognito.is_(False))
        .order_by((Conversation.no == (keep or 0)).desc(), last_use.desc(), Conversation.no.desc())
        .execution_options(populate_existing=True)
    ).all()
    for row in rows[most:]:
        talk.let_rest(session, row, now)
    return max(0, len(rows) - most)


def hold_limit(session: Session, begun: Conversation, most: int, now: datetime) -> None:
    """Make room for a conversation that became active just now; one of a group takes none."""
    if begun.user_id is not None:
        # Two that begin at a time must see each other.
        session.execute(select(User.id).where(User.id == begun.user_id).with_for_update(key_share=True))
        make_room(session, begun.user_id, most, now, keep=begun.no)


def over(session: Session, most: int, limit: int) -> Sequence[int]:
    """People (`users.id`) with more active conversations than that."""
    active = Conversation.status == literal_column("'active'")
    found = session.scalars(
        select(Conversation.user_id)
        .where(Conversation.user_id.is_not(None), active, Conversation.incognito.is_(False))
        .group_by(Conversation.user_id)
        .having(func.count() > most)
        .limit(limit)
    )
    return [user_id for user_id in found if user_id is not None]


def beginnings(
    session: Session, numbers: Collection[int], now: datetime
) -> dict[int, tuple[list[str], list[str]]]:
    """How the first things begin that people and the bot said in these conversations."""
    found: dict[int, tuple[list[str], list[str]]] = {}
    for no in numbers:
        first, last = conversation_range(no)
        rows = session.execute(
            select(func.substr(Message.content, 1, _BEGINNING), Message.direction, Message.expires_at)
            .where(Message.id.between(first, last))
            .order_by(Message.id)
            .limit(_FIRST)
        )
        alive = [(text, direction) for text, direction, expires in rows if expires is None or expires > now]
        said, answered = (
            [text for text, direction in alive if direction == wanted] for wanted in ("incoming", "outgoing")
        )
        found[no] = (said, answered)
    return found
