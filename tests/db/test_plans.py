"""The hot queries go by an index, on both databases, as they are really sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.db.engine import Database
from bot.db.repositories import jobs, ledger, memories, talk, turns
from bot.db.repositories.turn_view import ViewLimits, load_for_turn
from bot.memory import facts
from tests.support.clock import START
from tests.support.people import ANN, GROUP, ask, say, settle

Unit = Callable[[Session], object]


def plans(session: Session, unit: Unit) -> list[tuple[str, str]]:
    """Every SELECT, UPDATE and DELETE of a unit with its plan, whatever leads it in."""
    sent: list[tuple[str, object]] = []
    connection = session.connection()

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        unit(session)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    postgres = connection.dialect.name == "postgresql"
    if postgres:  # tables of a few rows: the planner must be kept from reading them whole
        session.execute(text("SET LOCAL enable_seqscan = off"))
    found = []
    for statement, parameters in sent:
        if statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            explain = "EXPLAIN " if postgres else "EXPLAIN QUERY PLAN "
            rows = connection.exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
            found.append((statement, "\n".join(str(row[-1]) for row in rows)))
    return found


def scans(found: list[tuple[str, str]]) -> list[str]:
    """Plans that read a whole table; a statement's own intermediate results are none."""
    return [
        f"{statement}\n{plan}"
        for statement, plan in found
        for line in plan.splitlines()
        if "Seq Scan" in line
        or (line.startswith("SCAN") and "USING" not in line and f"MATERIALIZE {line.split()[1]}" not in plan)
    ]


def populate(session: Session) -> int:
    place = settle(session, ANN, GROUP, START)
    for n in range(5):
        say(session, place, f"message {n}", START)
    turn = ask(session, place, say(session, place, "question", START), START)
    jobs.enqueue(
        session, [NewJob("k", "receive", f"lane-{n % 3}", dedup_key=f"d{n}") for n in range(9)], START
    )
    for n in range(5):
        fact = facts.NewFact(f"fact {n}", "other", "quote", turn.message_id)
        facts.save(session, place.scope, fact, 50, START)
    return turn.id


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("claim", "ix_jobs_lane_open"),
        ("next_due", "ix_jobs_due_open"),
        ("move_due", "jobs"),
        ("find_active", "uq_conversations_active_scope"),
        ("valid_facts", "ix_memories_subject"),
        ("count_valid", "ix_memories_subject"),
        ("load_for_turn", "ix_messages_important"),
        ("waiting_part", "ix_turns_"),
        ("spent", "ix_usage_created_at"),
    ],
)
async def test_hot_queries_use_their_index(database: Database, name: str, index: str) -> None:
    turn_id = await database.write(populate)
    soon = START + timedelta(seconds=1)

    def unit(session: Session) -> list[tuple[str, str]]:
        place = settle(session, ANN, GROUP, START)
        chosen: dict[str, Unit] = {
            "claim": lambda s: jobs.claim(s, "receive", 4, "me", soon, soon),
            "next_due": lambda s: jobs.next_due(s, "receive", START),
            "move_due": lambda s: jobs.move_due(s, "d3", soon),
            "find_active": lambda s: talk.find_active(s, talk.scope_key(GROUP, place.user)),
            "valid_facts": lambda s: memories.valid_facts(s, place.scope, soon),
            "count_valid": lambda s: memories.count_valid(s, place.scope, soon),
            "load_for_turn": lambda s: load_for_turn(s, turn_id, ViewLimits(soon)),
            "waiting_part": lambda s: turns.waiting_part(s, place.conversation.no, place.user.id, ["long"]),
            "spent": lambda s: ledger.spent_since(s, START),
        }
        return plans(session, chosen[name])

    found = await database.write(unit)
    assert found
    assert scans(found) == []
    assert any(index in plan for _, plan in found), found


async def test_the_whole_claim_goes_by_the_partial_indexes(sqlite_database: Database) -> None:
    await sqlite_database.write(populate)
    [(_, plan), *_] = await sqlite_database.write(
        lambda s: plans(s, lambda s: jobs.claim(s, "receive", 4, "me", START, START))
    )
    assert "ix_jobs_due_open (pool=? AND due_at<?)" in plan
    assert "ix_jobs_lane_open (lane=?" in plan
