"""What a search finds first: neighbours, speakers, times, near meanings; and the score that people see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.core.errors import LLMError
from bot.db.engine import Database
from bot.db.search import put_vector
from bot.memory import finding
from bot.memory.hits import Ask, Hit
from bot.memory.question import matter, understand
from bot.memory.recall import Recall, fused, rescaled
from tests.recall.telling import DAY, KYIV, between, find, tell, texts
from tests.support.clock import START
from tests.support.people import ANN, BOB, PRIVATE


async def test_the_answer_right_after_the_question_is_found(database: Database) -> None:
    scope = await between(
        database,
        [
            (ANN, "nice weather for a walk"),
            (BOB, "where did you spend your honeymoon?"),
            (ANN, "in Lisbon, two weeks by the sea"),
            (BOB, "sounds lovely"),
        ],
    )
    assert (await texts(database, scope, "honeymoon"))[:2] == [
        "where did you spend your honeymoon?", "in Lisbon, two weeks by the sea",
    ]  # fmt: skip


async def test_words_do_not_reach_over_a_long_silence(sqlite_database: Database) -> None:
    scope, _ = await tell(sqlite_database, ["the boiler leaks", "good morning"], step=timedelta(hours=9))
    assert await texts(sqlite_database, scope, "boiler") == ["the boiler leaks"]
    other, _ = await tell(sqlite_database, ["the radio hums", "good evening"], at=START + 5 * DAY)
    assert await texts(sqlite_database, other, "radio") == ["the radio hums", "good evening"]


async def test_a_named_speaker_comes_first_and_the_name_is_no_search_word(database: Database) -> None:
    scope = await between(
        database,
        [(ANN, "Bob, I adopted a dog!"), (BOB, "Ann, I adopted a cat long ago"), (ANN, "Bob Bob Bob")],
    )
    bobs = await texts(database, scope, "what did Bob adopt?", limit=1)
    anns = await texts(database, scope, "what did Ann adopt?", limit=1)
    assert (bobs, anns) == (["Ann, I adopted a cat long ago"], ["Bob, I adopted a dog!"])


async def test_a_time_in_the_question_prefers_what_was_said_then(database: Database) -> None:
    weekly = [f"jogging in the park, lap {number}" for number in range(12)]
    scope, _ = await tell(database, weekly, step=timedelta(days=7))
    asked_at = START + timedelta(days=84)
    spring = await texts(database, scope, "jogging four weeks ago", now=asked_at, limit=1)
    assert spring == ["jogging in the park, lap 8"]
    # Only a time: what was said then, and nothing else.
    only = await texts(database, scope, "what did we talk about three weeks ago?", now=asked_at)
    assert only == ["jogging in the park, lap 9"]
    # With a time in which nothing was said, the words decide.
    assert len(await texts(database, scope, "jogging in 1999", now=asked_at)) == 12
    strictly = await texts(database, scope, "jogging last week", now=asked_at, strictly=True)
    assert strictly == ["jogging in the park, lap 11"]


async def test_near_words_are_found_but_the_words_themselves_come_first(sqlite_database: Database) -> None:
    scope, _ = await tell(
        sqlite_database,
        ["our puppy chewed my shoes", "the tax office wrote again", "no pets in the hotel"],
        step=DAY,
    )
    found = await find(sqlite_database, scope, "pets")
    assert [hit.text for hit in found] == ["no pets in the hotel", "our puppy chewed my shoes"]
    assert found[0].score == 1.0
    assert 0 < found[1].score <= 0.5


async def test_the_score_is_the_share_of_the_question_that_was_found(database: Database) -> None:
    scope, _ = await tell(
        database, ["violin lessons on Monday", "a violin", "bread and butter", "bread again"], step=DAY
    )
    hits = {hit.text: hit.score for hit in await find(database, scope, "violin lessons")}
    assert hits["violin lessons on Monday"] == 1.0
    assert 0.2 < hits["a violin"] < 0.6
    assert "bread and butter" not in hits
    assert set(await texts(database, scope, "violin lessons", threshold=0.7)) == {"violin lessons on Monday"}


async def test_the_bots_own_words_come_after_peoples_unless_they_are_asked_for(
    sqlite_database: Database,
) -> None:
    scope, _ = await tell(
        sqlite_database, ["try the lentil soup recipe"], direction="outgoing", label="Mnema"
    )
    await tell(sqlite_database, ["my lentil soup recipe"], at=START + 8 * timedelta(hours=1))
    now = START + 30 * DAY
    mine = await texts(sqlite_database, scope, "lentil soup recipe", now=now)
    assert mine == ["my lentil soup recipe", "try the lentil soup recipe"]
    yours = understand("which soup did you recommend?", now, KYIV)
    assert yours.to_bot
    assert "recommend" in yours.faint


class Compass:
    """An embedder that knows one direction, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.model, self.dims = "compass", 2

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.fails:
            raise LLMError("unavailable", "no answer")
        return [[1.0, 0.0] for _ in texts]


async def test_meaning_joins_words_where_there_are_vectors(database: Database) -> None:
    scope, ids = await tell(database, ["we got wed in May", "a wedding cake of paper", "rain"], step=DAY)
    bob, others = await tell(database, ["we eloped"], who=BOB, where=replace(PRIVATE, external_id="102"))

    def vectors(session: Session) -> None:
        chat, foreign = f"c{scope.chat_id}", f"c{bob.chat_id}"
        put_vector(session, "message", ids[0], chat, "compass", [0.9, 0.1])
        put_vector(session, "message", ids[2], chat, "compass", [0.0, 1.0])
        put_vector(session, "message", others[0], foreign, "compass", [1.0, 0.0])

    await database.write(vectors)
    ask = Ask("wedding cake", START + DAY, KYIV)
    found = await Recall(database, Compass()).search(scope, ask)
    assert {hit.text for hit in found} == {"a wedding cake of paper", "we got wed in May"}
    assert next(hit.score for hit in found if hit.text.startswith("we got")) > 0.9
    # A model that does not answer leaves the words.
    alone = await Recall(database, Compass(fails=True)).search(scope, ask)
    assert alone[0].text == "a wedding cake of paper"
    assert (rescaled(0.2), rescaled(1.0)) == (0.0, 1.0)


def test_fusion_goes_by_rank_and_keeps_the_larger_score() -> None:
    def hit(number: int, score: float) -> Hit:
        return Hit("message", number, str(number), START, score)

    found = fused([[hit(1, 0.9), hit(2, 0.8), hit(3, 0.7)], [hit(3, 0.95), hit(4, 0.1)]])
    assert [(h.id, h.score) for h in found] == [(3, 0.95), (1, 0.9), (2, 0.8), (4, 0.1)]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("thanks!", False), ("ok", False), ("tell me more", False), ("так, дякую", False), ("що це?", False),
        ("спасибо большое", True), ("да, давай", True), ("vet bill", True), ("猫", True),
    ],
)  # fmt: skip
def test_small_talk_has_no_matter(said: str, about: bool) -> None:
    assert bool(matter(said)) is about


def test_a_question_of_nothing_but_asking_still_looks_for_something() -> None:
    asked = understand("how many different kinds?", START, KYIV)
    assert asked.terms
    assert not asked.faint


async def test_very_common_words_are_read_beside_rare_ones_or_by_their_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "COMMON", 3)
    walks = [f"a walk, the {number}th" for number in range(9)]
    scope, _ = await tell(database, ["a walk with the harp", *walks, "the harp is out of tune"], step=DAY)
    now = START + 30 * DAY
    found = await texts(database, scope, "walk harp", now=now)
    assert found[0] == "a walk with the harp"
    assert "the harp is out of tune" in found
    # What is far from any rare word is not even looked at.
    assert walks[4] not in found
    newest = await texts(database, scope, "walk", now=now)
    assert newest[:3] == walks[:-4:-1]
    assert walks[0] not in newest


def test_a_name_that_is_a_word_is_taken_for_a_name_only_when_spelt_so() -> None:
    names = ["Rose", "Надія"]
    assert understand("which rose grows in Shade?", START, KYIV, names).named == frozenset()
    assert "rise" in understand("which rose grows in Shade?", START, KYIV, names).terms  # one stem
    assert understand("What does Rose grow?", START, KYIV, names).named == {"Rose"}
    assert understand("what does rose grow?", START, KYIV, names).named == {"Rose"}
    assert understand("Що казала Надія?", START, KYIV, names).named == {"Надія"}
    assert understand("Яка надія на мир?", START, KYIV, names).named == frozenset()
