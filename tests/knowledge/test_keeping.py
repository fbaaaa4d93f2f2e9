"""Documents of a person and of a group: kept once, found by their owner only, deleted with all traces."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Chunk, Document, SearchItem, Trace
from bot.db.repositories import ledger
from bot.db.repositories.knowledge import chunk_views
from bot.memory.parsing.refusals import DocumentRefused
from bot.memory.parsing.run import Parser
from bot.memory.recall import Recall
from bot.services import knowledge as service
from bot.services.document_owners import of_caller, of_group, of_person
from bot.services.knowledge import Knowledge
from bot.services.reach import Caller
from tests.knowledge.making import HOUSE_RULES, pdf
from tests.knowledge.test_chunking import Words
from tests.support.clock import ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, ask, say, settle

RULES = "Guest parking costs 35 hryvnias an hour.\n\nBicycles stand in the yard."


@pytest.fixture
def kept(database: Database, clock: ManualClock) -> Knowledge:
    return Knowledge(database, clock, Words(), Parser(), Recall(database))


async def found(kept: Knowledge, person: Person, query: str) -> list[str]:
    return [hit.passage.cited for hit in await kept.search(of_person(person), query)]


async def test_a_file_is_kept_once_and_found_by_its_owner_alone(kept: Knowledge, database: Database) -> None:
    data = pdf(HOUSE_RULES)
    added = await kept.add_file(of_person(ANN), "House_rules.pdf", "application/pdf", data)
    assert (added.known, added.item.title, added.item.passages) == (False, "House rules", 3)
    again = await kept.add_file(of_person(ANN), "copy.pdf", None, data)
    assert (again.known, again.item.id) == (True, added.item.id)
    hits = await kept.search(of_person(ANN), "what does guest parking cost?")
    assert hits[0].passage.cited.startswith("[House rules, p. 3] Parking")
    assert 0.3 < hits[0].score <= 1
    assert await found(kept, BOB, "guest parking") == []
    with pytest.raises(NotFound):
        await kept.get(of_person(BOB), added.item.id)
    with pytest.raises(NotFound):
        await kept.delete(of_person(BOB), added.item.id)


async def test_the_same_file_sent_twice_at_once_is_stored_once(kept: Knowledge, database: Database) -> None:
    both = await asyncio.gather(*(kept.add_text(of_person(ANN), "Rules", RULES) for _ in range(3)))
    assert len({added.item.id for added in both}) == 1
    assert sorted(added.known for added in both) == [False, True, True]


async def test_scores_are_the_weighted_share_of_the_question(kept: Knowledge) -> None:
    await kept.add_text(of_person(ANN), "Rules", RULES)
    await kept.add_text(of_person(ANN), "Полив", "Квіти поливаємо щоранку, крім неділі.")
    whole = await kept.search(of_person(ANN), "bicycles in the yard")
    assert whole[0].score == pytest.approx(1.0)
    part = await kept.search(of_person(ANN), "bicycles of astronauts")
    assert 0 < part[0].score < 1
    assert not await kept.search(of_person(ANN), "bicycles of astronauts", min_score=part[0].score + 0.01)
    assert (await found(kept, ANN, "коли поливати квітку?"))[0].startswith("[Полив] Квіти")
    assert await kept.search(of_person(ANN), "  ?! ") == []


async def test_a_groups_documents_serve_that_group(
    kept: Knowledge, database: Database, clock: ManualClock
) -> None:
    ann = await database.write(lambda s: settle(s, ANN, GROUP, clock.now()))
    alone = await database.write(lambda s: settle(s, ANN, PRIVATE, clock.now()))
    await kept.add_text(of_group(GROUP), "Rules", RULES)
    hit = (await kept.search(of_group(GROUP), "bicycles"))[0]
    assert await found(kept, ANN, "bicycles") == []

    def shown(session: Session, scope: Scope) -> list[int]:
        return [view.id for view in chunk_views(session, scope, [hit.passage.id])]

    assert await database.read(lambda s: shown(s, ann.scope)) == [hit.passage.id]
    for scope in (alone.scope, Scope(None, None, True), Scope(None, None, False)):
        assert await database.read(lambda s, scope=scope: shown(s, scope)) == []  # type: ignore[misc]
    with pytest.raises(NotFound):
        await kept.add_text(of_group(ChatRef("-5", "group")), "Rules", RULES)


async def test_deleting_takes_passages_index_and_prompts_along(
    kept: Knowledge, database: Database, clock: ManualClock
) -> None:
    item = (await kept.add_text(of_person(ANN), "Rules", RULES)).item
    other = (await kept.add_text(of_person(ANN), "Other", "Quite another matter.")).item
    _, views = await kept.get(of_person(ANN), item.id)
    now = clock.now()

    def keep(session: Session, chunk_id: int) -> int:
        place = settle(session, ANN, PRIVATE, now)
        turn = ask(session, place, say(session, place, "?", now), now)
        layers = [{"name": "recall", "kept": [f"k:{chunk_id}"]}]
        ledger.keep_trace(session, turn.id, None, layers, [{"role": "user", "content": "x"}], now)
        return turn.id

    with_it = await database.write(lambda s: keep(s, views[0].id))
    without = await database.write(lambda s: keep(s, views[-1].id + 1000))
    await kept.delete(of_person(ANN), item.id)

    def left(session: Session) -> list[object]:
        count = [session.scalar(select(func.count()).select_from(table)) for table in (Chunk, SearchItem)]
        prompts = [session.get_one(Trace, turn).prompt is None for turn in (with_it, without)]
        return [*count, *prompts]

    assert await database.read(left) == [1, 1, True, False]
    assert await found(kept, ANN, "bicycles") == []
    assert [entry.id for entry in await kept.entries(of_person(ANN), 10)] == [other.id]


async def test_lists_have_pages_and_a_cursor(kept: Knowledge) -> None:
    ids = [(await kept.add_text(of_person(ANN), f"N{n}", f"text number {n}")).item.id for n in range(7)]
    second = await kept.page(of_person(ANN), 9)
    assert ([item.title for item in second.items], second.page, second.pages, second.total) == (
        ["N1", "N0"], 1, 2, 7,
    )  # fmt: skip
    rest = await kept.entries(of_person(ANN), 3, before=ids[3])
    assert [item.id for item in rest] == [ids[2], ids[1], ids[0]]
    assert (await kept.page(of_person(BOB), 0)).total == 0


async def test_refusals(kept: Knowledge, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        await kept.add_text(of_person(ANN), " \n", RULES)
    with pytest.raises(DocumentRefused, match="no text"):
        await kept.add_text(of_person(ANN), "Empty", " — ")
    monkeypatch.setattr(service, "MOST_DOCUMENTS", 1)
    await kept.add_text(of_person(ANN), "One", "one text")
    with pytest.raises(DocumentRefused, match="too many"):
        await kept.add_text(of_person(ANN), "Two", "two texts")
    assert await database.read(lambda s: s.scalar(select(func.count()).select_from(Document))) == 1


async def test_a_caller_reaches_the_users_of_its_application(kept: Knowledge) -> None:
    ours, theirs = (Caller("key", name, name, frozenset({"write"})) for name in ("ours", "theirs"))
    item = (await kept.add_text(of_caller(ours, "visitor"), "Rules", RULES)).item
    assert (await kept.get(of_caller(ours, "visitor"), item.id))[0] == item
    with pytest.raises(NotFound):
        await kept.get(of_caller(theirs, "visitor"), item.id)
    with pytest.raises(NotFound):
        await kept.add_text(of_caller(ours, "101"), "Rules", RULES)
