"""Ann and Bob, who talked in private and in a group, with a trace of Ann in every table that can hold one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.core.llm import Message as LLMMessage
from bot.db import search
from bot.db.models import (
    ApiKey,
    Booking,
    DialogueState,
    ExtractionMark,
    IdempotentAnswer,
    Memory,
    MemorySource,
    MessageVersion,
    Profile,
    Summary,
    TurnStep,
    UsageRow,
)
from bot.db.repositories import jobs, knowledge, ledger, people, talk
from tests.support.people import ANN, BOB, GROUP, PRIVATE, Place, ask, say, settle

WORD = "zarzuela"
"""Stands in everything that is Ann's or about her, and in nothing else."""

KEPT = "umbrella"
"""Stands in everything of Bob's."""


def settle_town(session: Session, now: datetime) -> None:
    """Make all of it."""
    ann, bob = settle(session, ANN, GROUP, now), settle(session, BOB, GROUP, now)
    alone = settle(session, ANN, PRIVATE, now)
    for place in (ann, bob):
        people.seen_in(session, place.chat, place.user, now)
    session.add(Profile(user_id=ann.user.id, communication_style=WORD, updated_at=now))
    _group(session, ann, bob, now)
    _private(session, alone, now)
    _around(session, alone, now)


def _group(session: Session, ann: Place, bob: Place, now: datetime) -> None:
    mine = say(session, ann, f"I love {WORD} nights", now)
    talk.refer(session, ann.chat.id, ["11"], mine.id)
    session.add(MessageVersion(message_id=mine.id, content=f"old {WORD}", replaced_at=now))
    quoting = say(session, bob, f"Bring an {KEPT}", now, reply_to=mine.id, quote=f"{WORD} nights")
    own = say(session, bob, f"My {KEPT} is red", now)
    answer = {"direction": "outgoing", "label": "Mnema", "sender_id": None}
    reply = say(session, ann, f"Enjoy your {WORD}!", now, reply_to=mine.id, **answer)
    say(session, bob, f"Your {KEPT} is nice", now, reply_to=own.id, **answer)
    turn = ask(session, ann, mine, now, status="delivered", reply_message_id=reply.id)
    ledger.keep_trace(session, turn.id, reply.id, [], _prompt(), now)
    session.add(UsageRow(
        turn_id=turn.id, user_id=ann.user.id, purpose="answer", model="m", prompt_tokens=1,
        completion_tokens=1, cached_tokens=0, estimated=False, cost=None, created_at=now,
    ))  # fmt: skip
    bobs = ask(session, bob, quoting, now, status="delivered")
    ledger.keep_trace(session, bobs.id, None, [], _prompt(), now)
    session.add(TurnStep(turn_id=bobs.id, key="tool:1", data={"result": WORD}, created_at=now))
    ann.conversation.context_summary, ann.conversation.summary_upto_seq = f"About {WORD}.", 3
    session.add(Summary(
        chat_id=ann.chat.id, kind="recent", text=f"They spoke of {WORD}.", token_count=4,
        period_start=now, period_end=now, cursor_at=now, model="m", created_at=now,
    ))  # fmt: skip
    session.flush()
    search.index_messages(session, [(mine.id, search.packed([WORD])), (own.id, search.packed([KEPT]))])
    _bobs_facts(session, bob, mine.id, own.id, now)


def _bobs_facts(session: Session, bob: Place, anns: int, own: int, now: datetime) -> None:
    rows = ((f"Wants {WORD}", "inferred", anns), (f"Owns an {KEPT}", "inferred", own))
    for text, origin, message in rows:
        fact = Memory(
            user_id=bob.user.id, kind="other", text=text, text_key=text, origin=origin, valid_at=now,
            created_at=now,
        )  # fmt: skip
        session.add(fact)
        session.flush()
        session.add(MemorySource(memory_id=fact.id, message_id=message, quote=text))
        search.put_item(session, "fact", fact.id, f"u{bob.user.id}", text.split())


def _private(session: Session, alone: Place, now: datetime) -> None:
    said = say(session, alone, f"My secret is {WORD}", now)
    say(session, alone, f"I keep your {WORD}", now, direction="outgoing", sender_id=None, reply_to=said.id)
    fact = Memory(
        user_id=alone.user.id, kind="other", text=f"Loves {WORD}", text_key=WORD, origin="explicit",
        valid_at=now, created_at=now,
    )  # fmt: skip
    session.add(fact)
    session.flush()
    session.add(MemorySource(memory_id=fact.id, message_id=said.id, quote=WORD))
    search.put_item(session, "fact", fact.id, f"u{alone.user.id}", [WORD])
    search.put_vector(session, "message", said.id, f"c{alone.chat.id}", "m", [1.0, 2.0])
    session.add(ExtractionMark(
        conversation_no=alone.conversation.no, user_id=alone.user.id, upto_id=said.id, waiting_tokens=0
    ))  # fmt: skip
    passage = knowledge.NewPassage(f"Rules of {WORD}", 1, None, 3, search.packed([WORD]))
    new = knowledge.NewDocument(f"{WORD}.pdf", "application/pdf", 9, "d" * 64, [passage])
    knowledge.add(session, knowledge.Owner(user_id=alone.user.id), new, now)


def _around(session: Session, alone: Place, now: datetime) -> None:
    user, chat = alone.user.id, alone.chat.id
    session.add(DialogueState(
        user_id=user, chat_id=chat, type="booking_in_progress", data={"service": WORD}, created_at=now,
        updated_at=now, expires_at=now + timedelta(hours=1),
    ))  # fmt: skip
    session.add(Booking(user_id=user, chat_id=chat, service=WORD, created_at=now))
    session.add(ApiKey(
        name=WORD, application="a", prefix="p", digest="e" * 64, scopes=["read"], user_id=user, created_at=now
    ))  # fmt: skip
    session.add(IdempotentAnswer(
        caller="c", key="k", request_digest="r", status=200, body=WORD.encode(), created_at=now
    ))  # fmt: skip
    anns: dict[str, Any] = {
        "message": {"from": {"id": 101, "first_name": "Ann"}, "chat": {"id": -1001}, "text": WORD}
    }
    bobs: dict[str, Any] = {"message": {
        "from": {"id": 102}, "chat": {"id": -1001}, "text": KEPT,
        "reply_to_message": {"from": {"id": 101}, "text": WORD}, "quote": {"text": WORD},
    }}  # fmt: skip
    new = [
        NewJob("telegram.update", "receive", f"in:{n}", load, f"tg:{n}")
        for n, load in enumerate((anns, bobs))
    ]
    jobs.enqueue(session, new, now)


def _prompt() -> list[LLMMessage]:
    return [{"role": "user", "content": f"Tell me of {WORD}"}]
