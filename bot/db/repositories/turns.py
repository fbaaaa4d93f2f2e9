"""Turns, their steps and what has become visible of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.core.messages import TurnRef
from bot.db.models import Chat, Conversation, Delivery, Message, MessageRef, Turn, TurnMessage, TurnStep, User
from bot.db.repositories import people, talk
from bot.db.upsert import insert_new

OPEN = ("waiting", "answering")

_UNKEPT = "unkept"
"""The step of an open turn in whose prompt something may stand that was deleted meanwhile."""


@dataclass(frozen=True, slots=True)
class TurnState:
    """A turn as the answering lane takes it up: where it stands and what was finished before."""

    ref: TurnRef
    status: str
    conversation_no: int
    chat_id: int
    user_id: int
    message_id: int
    reply_message_id: int | None
    tainted: bool
    stop_requested: bool
    error_key: str | None
    notices: list[Any]
    created_at: datetime
    steps: dict[str, dict[str, Any]]


def delivery_key(turn_id: int) -> str:
    """The key under which a turn's visible messages are stored."""
    return f"turn:{turn_id}"


def open_turn(session: Session, turn: Turn, message_id: int) -> Turn:
    """Store a new turn with its first message."""
    session.add(turn)
    session.flush()
    session.add(TurnMessage(turn_id=turn.id, message_id=message_id))
    session.flush()
    return turn


def waiting_part(
    session: Session, conversation_no: int, user_id: int, burst_keys: Sequence[str | None]
) -> Turn | None:
    """The newest turn of one of these bursts that has not been taken up yet; None is a plain message."""
    of_burst = Turn.burst_key.in_([key for key in burst_keys if key is not None])
    return session.scalar(
        select(Turn)
        .where(
            Turn.conversation_no == conversation_no,
            Turn.status == "waiting",
            Turn.user_id == user_id,
            or_(of_burst, Turn.burst_key.is_(None)) if None in burst_keys else of_burst,
        )
        .order_by(Turn.id.desc())
        .limit(1)
        .with_for_update()
    )


def extend(session: Session, turn: Turn, message_id: int, sent_at: datetime) -> None:
    """Add a part to a waiting turn."""
    session.add(TurnMessage(turn_id=turn.id, message_id=message_id))
    turn.last_part_at = max(turn.last_part_at, sent_at)


def take_up(session: Session, turn_id: int, now: datetime) -> TurnState | None:
    """Start (or go on with) answering; None when the turn is gone with its conversation."""
    turn = session.get(Turn, turn_id, with_for_update=True)
    if turn is None:
        return None
    if turn.status == "waiting":
        turn.status, turn.started_at = "answering", turn.started_at or now
        session.flush()
    return load_state(session, turn)


def lock(session: Session, turn_id: int) -> bool:
    """Let one unit at a time go on with a turn, until its commit; False when it is gone with its asker."""
    held = select(Turn.id).where(Turn.id == turn_id).with_for_update(key_share=True)
    return session.scalar(held) is not None


def load_state(session: Session, turn: Turn) -> TurnState:
    """The state of a turn with its finished steps."""
    chat, user = session.get_one(Chat, turn.chat_id), session.get_one(User, turn.user_id)
    conversation = session.get_one(Conversation, turn.conversation_no)
    steps = session.scalars(select(TurnStep).where(TurnStep.turn_id == turn.id))
    ref = TurnRef(
        turn_id=turn.id,
        channel=turn.channel,
        chat=people.as_chat_ref(chat, conversation.topic_id),
        asker=people.as_person(user),
        language=turn.language,
        reply_to_external_id=_first_external_id(session, turn.message_id),
        delivered=visible(session, delivery_key(turn.id)) or (),
    )
    return TurnState(
        ref=ref,
        status=turn.status,
        conversation_no=turn.conversation_no,
        chat_id=turn.chat_id,
        user_id=turn.user_id,
        message_id=turn.message_id,
        reply_message_id=turn.reply_message_id,
        tainted=turn.tainted,
        stop_requested=turn.stop_requested,
        error_key=turn.error_key,
        notices=turn.notices,
        created_at=turn.created_at,
        steps={step.key: step.data for step in steps},
    )


def _first_external_id(session: Session, message_id: int) -> str | None:
    # Ids with a colon belong to the group that this supergroup once was: they name nothing here.
    here = select(MessageRef.external_id).where(
        MessageRef.message_id == message_id, ~MessageRef.external_id.contains(":")
    )
    return session.scalar(here.limit(1))


def record_step(session: Session, turn_id: int, key: str, data: dict[str, Any], now: datetime) -> None:
    """Keep a finished step; a step that is there already stays."""
    insert_new(
        session, TurnStep, [{"turn_id": turn_id, "key": key, "data": data, "created_at": now}],
        ["turn_id", "key"],
    )  # fmt: skip


def step(session: Session, turn_id: int, key: str) -> dict[str, Any] | None:
    """A finished step of a turn."""
    return session.scalar(select(TurnStep.data).where(TurnStep.turn_id == turn_id, TurnStep.key == key))


def unkeep(session: Session, which: ColumnElement[bool]) -> None:
    """Something is being deleted that open turns may have in their prompts: they will keep no copy of those.

    To be called before the kept prompts are looked at: a turn that settles at this moment is waited for.
    """
    open_ = select(Turn.id, Turn.created_at).where(which, Turn.status.in_(OPEN)).order_by(Turn.id)
    found = session.execute(open_.with_for_update(key_share=True)).all()
    rows = [{"turn_id": id_, "key": _UNKEPT, "data": {}, "created_at": at} for id_, at in found]
    insert_new(session, TurnStep, rows, ["turn_id", "key"])


def keeps(session: Session, turn_id: int) -> bool:
    """Whether a turn may keep its prompt."""
    return step(session, turn_id, _UNKEPT) is None


def forget_steps(session: Session, ids: Collection[int]) -> None:
    """Let settled turns keep nothing of what models and tools said but which tools were called."""
    settled = select(Turn.id).where(Turn.id.in_(ids), Turn.status.not_in(OPEN))
    tools = TurnStep.key.like("tool:%")
    mine = TurnStep.turn_id.in_(settled)
    session.execute(
        delete(TurnStep).where(mine, ~tools, TurnStep.key != _UNKEPT),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(TurnStep).where(mine, tools).values(data={}), execution_options={"synchronize_session": False}
    )


def settle(
    session: Session,
    turn_id: int,
    *,
    status: str,
    now: datetime,
    reply: Message | None = None,
    notices: Sequence[dict[str, Any]] = (),
    error_key: str | None = None,
) -> None:
    """The answer (or the failure) is decided; from here only its delivery is left."""
    turn = session.get_one(Turn, turn_id)
    turn.status, turn.finished_at, turn.error_key = status, now, error_key
    turn.notices = list(notices)
    if reply is not None:
        turn.reply_message_id = reply.id
        talk.refer(session, turn.chat_id, visible(session, delivery_key(turn_id)) or (), reply.id)
    if not keeps(session, turn_id):
        session.flush()
        forget_steps(session, [turn_id])


def open_turns(session: Session, chat_id: int, user_id: int | None) -> list[int]:
    """Turns of a chat that are waiting or being answered; only one person's where a person is given."""
    query = select(Turn.id).where(Turn.chat_id == chat_id, Turn.status.in_(OPEN))
    if user_id is not None:
        query = query.where(Turn.user_id == user_id)
    return list(session.scalars(query))


def request_stop(session: Session, ids: Sequence[int]) -> None:
    """Mark turns as halted by their asker; whoever answers them looks."""
    session.execute(update(Turn).where(Turn.id.in_(ids)).values(stop_requested=True))


def visible(session: Session, key: str) -> tuple[str, ...] | None:
    """The platform's ids of what was shown under a delivery key, None if nothing ever was."""
    row = session.scalar(select(Delivery).where(Delivery.key == key))
    return None if row is None else tuple(row.external_ids)


def note_visible(
    session: Session,
    key: str,
    chat_external_id: str,
    external_ids: Sequence[str],
    now: datetime,
    *,
    done: bool,
) -> None:
    """Store what is visible now under a delivery key."""
    row = session.scalar(select(Delivery).where(Delivery.key == key))
    if row is None:
        row = Delivery(key=key, chat_external_id=chat_external_id, created_at=now, updated_at=now)
        session.add(row)
    row.external_ids, row.updated_at = list(external_ids), now
    row.status = "done" if done else "open"
