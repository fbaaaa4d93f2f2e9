"""A person's numbers: of their own talk, in whatever way they asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef
from bot.db.engine import Database
from bot.db.models import UsageRow
from bot.services.statistics import Statistics, UserStatistics
from tests.support.clock import ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, Place, ask, say, settle


def _answered(session: Session, place: Place, clock: ManualClock, seconds: int, score: float | None) -> None:
    now = clock.now()
    turn = ask(session, place, say(session, place, "What time is it?", now), now)
    later = now + timedelta(seconds=seconds)
    reply = say(session, place, "Noon.", later, direction="outgoing", sender_id=None, label="bot")
    reply.relevance_score = score
    turn.status, turn.finished_at, turn.reply_message_id = "done", later, reply.id
    for cost in (0.25, None):
        session.add(
            UsageRow(
                turn_id=turn.id, purpose="answer", model="m", prompt_tokens=100, completion_tokens=10,
                cached_tokens=0, estimated=False, cost=cost, created_at=now,
            )
        )  # fmt: skip


async def test_numbers_of_a_person(database: Database, clock: ManualClock) -> None:
    statistics = Statistics(database)
    assert await statistics.own(ANN) == UserStatistics()

    def talk(session: Session) -> None:
        ann = settle(session, ANN, PRIVATE, clock.now())
        _answered(session, ann, clock, 2, 0.5)
        _answered(session, ann, clock, 4, None)
        ask(session, ann, say(session, ann, "Still there?", clock.now()), clock.now())
        _answered(session, settle(session, ANN, GROUP, clock.now()), clock, 6, 0.7)
        _answered(session, settle(session, BOB, ChatRef("102", "private"), clock.now()), clock, 60, 0.1)

    await database.write(talk)
    found = await statistics.own(ANN)
    assert (found.dialogues, found.active, found.messages) == (1, 1, 5), "the group's is everybody's"
    assert found.relevance is not None
    assert abs(found.relevance - 0.6) < 1e-9
    assert found.response_seconds == 4.0
    assert (found.prompt_tokens, found.completion_tokens, found.cost) == (600, 60, 0.75)

    def hide(session: Session) -> None:
        place = settle(session, ANN, PRIVATE, clock.now())
        place.conversation.incognito = True

    await database.write(hide)
    hidden = await statistics.own(ANN)
    assert (hidden.dialogues, hidden.messages, hidden.response_seconds) == (0, 0, 6.0)
    assert (hidden.prompt_tokens, hidden.completion_tokens, hidden.cost) == (200, 20, 0.25)
    everybody = await statistics.everybody()
    assert (everybody.users, everybody.numbers.dialogues, everybody.numbers.messages) == (2, 2, 4)
    assert everybody.numbers.response_seconds == 33.0, "Ann in the group, and Bob"
    assert everybody.numbers.cost == 1.0, "what was paid was paid"
