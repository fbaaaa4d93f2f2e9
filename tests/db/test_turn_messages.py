"""Which messages a view holds: the window, older ones that matter, the one replied to; none that is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.core.ids import seq_of
from bot.core.messages import ChatRef
from bot.core.views import MessageView, TurnView
from bot.db.engine import Database
from bot.db.models import Turn
from bot.db.repositories.turn_view import ViewLimits, load_for_chat, load_for_turn
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, Place, ask, say, settle

NOW = START + timedelta(hours=1)
LIMITS = ViewLimits(NOW, history=5, important=4)


def talk(session: Session, place: Place, count: int, every: int = 3, importance: float = 0.8) -> None:
    """Messages m1, m2, …; of which each third matters."""
    for n in range(1, count + 1):
        message = say(session, place, f"m{n}", START)
        message.importance = importance if n % every == 0 else None


def seqs(messages: tuple[MessageView, ...]) -> list[int]:
    return [seq_of(message.id) for message in messages]


def asked(session: Session, place: Place) -> Turn:
    return ask(session, place, say(session, place, "?", START), START)


async def test_older_messages_that_matter_are_found_behind_the_window(database: Database) -> None:
    def unit(session: Session) -> list[TurnView]:
        place = settle(session, ANN, GROUP, START)
        talk(session, place, 40)
        best = say(session, place, "m41", START)
        best.importance = 1.0
        turn = asked(session, place)
        session.flush()
        limits = (
            LIMITS,
            replace(LIMITS, importance=0.9),
            replace(LIMITS, importance=0.1),
            replace(LIMITS, important=0),
        )
        return [load_for_turn(session, turn.id, one) for one in limits]

    usual, strict, loose, none = await database.write(unit)
    assert seqs(usual.history) == [37, 38, 39, 40, 41]
    assert seqs(usual.important) == seqs(loose.important) == [27, 30, 33, 36]
    assert [m.importance for m in usual.important] == [0.8] * 4
    assert (strict.important, none.important) == ((), ())


async def test_the_most_important_come_before_the_newest(database: Database) -> None:
    def unit(session: Session) -> TurnView:
        place = settle(session, ANN, GROUP, START)
        first = say(session, place, "first", START)
        first.importance = 0.95
        talk(session, place, 30)
        return load_for_turn(session, asked(session, place).id, LIMITS)

    assert seqs((await database.write(unit)).important) == [1, 19, 22, 25]


async def test_neither_other_conversations_nor_what_is_out_of_reach(database: Database) -> None:
    def unit(session: Session) -> list[list[int]]:
        other = settle(session, ANN, ChatRef(GROUP.external_id, "supergroup", GROUP.title, topic_id=4), START)
        talk(session, other, 9)
        place = settle(session, ANN, GROUP, START)
        talk(session, place, 600)
        later = settle(session, ANN, ChatRef("-77", "supergroup"), START)
        talk(session, later, 9)
        turn = asked(session, place)
        session.flush()
        session.expire_all()  # as in a reader: the conversation's counters are those that stand
        found = [
            seqs(load_for_turn(session, turn.id, replace(LIMITS, important=500, reach=r)).important)
            for r in (1000, 100)
        ]
        place.conversation.window_from_seq = 590
        session.flush()
        view = load_for_turn(session, turn.id, replace(LIMITS, important=500))
        return [*found, seqs(view.important), seqs(view.history)]

    whole, reach, edge, history = await database.write(unit)
    assert (whole[0], whole[-1], len(whole)) == (3, 594, 198)
    assert 255 <= reach[0] <= 600 - 100
    assert (edge, history) == ([591, 594], [596, 597, 598, 599, 600])


async def test_what_has_expired_never_enters(database: Database) -> None:
    def unit(session: Session) -> tuple[TurnView, TurnView]:
        place = settle(session, ANN, GROUP, START)
        talk(session, place, 12)
        gone = say(session, place, "secret", START)
        gone.expires_at, gone.importance = NOW, 1.0
        say(session, place, "about it", START, reply_to=gone.id)
        for n in range(5):
            late = say(session, place, f"late {n}", START)
            late.expires_at = NOW + timedelta(seconds=n % 2)
        turn = ask(session, place, say(session, place, "and this?", START, reply_to=gone.id), START)
        session.flush()
        small, large = LIMITS, replace(LIMITS, history=50)
        return load_for_turn(session, turn.id, small), load_for_turn(session, turn.id, large)

    small, large = await database.write(unit)
    assert "secret" not in repr(small) + repr(large)
    assert small.replied is None
    assert [m.text for m in small.history] == ["m11", "m12", "about it", "late 1", "late 3"]
    assert seqs(small.important) == [3, 6, 9]


async def test_a_deleted_conversation_shows_nothing(database: Database) -> None:
    def unit(session: Session) -> tuple[TurnView, TurnView]:
        old = settle(session, BOB, GROUP, START)
        talk(session, old, 12)
        secret = say(session, old, "secret", START)
        turn = asked(session, old)
        old.conversation.context_summary = "secret so far"
        old.conversation.status, old.conversation.deleted_at = "deleted", START
        session.flush()
        new = settle(session, ANN, GROUP, START)
        say(session, new, "quoting", START, reply_to=secret.id)
        later = ask(session, new, say(session, new, "what of it?", START, reply_to=secret.id), START)
        session.flush()
        return load_for_turn(session, turn.id, LIMITS), load_for_turn(session, later.id, LIMITS)

    before, after = await database.write(unit)
    assert (before.history, before.important, before.context_summary) == ((), (), None)
    assert [m.text for m in before.current] == ["?"]
    assert "secret" not in repr(after)
    assert [m.text for m in after.history] == ["quoting"]


async def test_a_reply_into_an_archived_conversation_still_finds_its_message(database: Database) -> None:
    def unit(session: Session) -> TurnView:
        old = settle(session, ANN, GROUP, START)
        kept = say(session, old, "from before", START)
        old.conversation.status = "archived"
        session.flush()
        new = settle(session, ANN, GROUP, START)
        say(session, new, "quoting", START, reply_to=kept.id)
        return load_for_turn(
            session, ask(session, new, say(session, new, "?", START, reply_to=kept.id), START).id, LIMITS
        )

    view = await database.write(unit)
    assert view.replied is not None
    assert view.replied.text == "from before"
    assert view.history[0].reply_quote == "from before"


async def test_an_inspection_sees_what_waits(database: Database) -> None:
    def unit(session: Session) -> TurnView:
        place = settle(session, ANN, GROUP, START)
        talk(session, place, 9)
        asked(session, place)
        return load_for_chat(session, GROUP, ANN, LIMITS)

    view = await database.write(unit)
    assert seqs(view.history) == [6, 7, 8, 9, 10]
    assert seqs(view.important) == [3]
