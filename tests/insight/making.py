"""Answered turns with their traces, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.llm import Completion, Usage
from bot.db.models import Message, Turn
from bot.db.repositories import ledger, turns
from bot.memory import facts
from tests.support.people import Place, ask, say

PROMPT = {"role": "system", "content": "Be kind."}
Kept = dict[str, Sequence[int | str]]


def layers_of(kept: Kept) -> list[dict[str, Any]]:
    """Rows of a trace: each layer with what it kept."""
    return [
        {"name": name, "tokens": 7, "allowed": 70, "kept": list(items), "dropped": [], "reason": None}
        for name, items in kept.items()
    ]


def answered(
    session: Session, place: Place, now: datetime, kept: Kept, *, text: str = "An answer.", prompt: Any = None
) -> Turn:
    """A question and its answer, with a trace and a line in the ledger."""
    question = say(session, place, "And what now?", now)
    turn = ask(session, place, question, now)
    reply = say(session, place, text, now, direction="outgoing", label="Mnema", sender_id=None)
    turns.settle(session, turn.id, status="delivered", now=now, reply=reply)
    asked = {**kept, "current": [question.id]}
    ledger.keep_trace(
        session,
        turn.id,
        reply.id,
        layers_of(asked),
        prompt or [{"role": "system", "content": "Be kind."}],
        now,
    )
    completion = Completion("An answer.", (), "stop", Usage(100, 20, 5), "gpt-4o-mini", 0.25)
    ledger.charge(session, completion, "reply", now, turn_id=turn.id, user_id=place.user.id)
    session.flush()
    return turn


def remembered(session: Session, place: Place, message: Message, text: str, kind: str, now: datetime) -> int:
    """A fact of the person's, said in the message."""
    fact = facts.NewFact(text, kind, message.content, message.id)
    return facts.save(session, place.scope, fact, 50, now).memory_id


def prompt_kept(session: Session, turn: Turn) -> bool:
    """Whether the sent prompt of a turn is still there."""
    session.expire_all()
    return ledger.sent_prompt(session, turn.id) is not None
