"""Kept prompts end with their time, and as soon as something in them is deleted; the layers stay."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from bot.app.traces import attach_traces
from bot.core.messages import ChatRef
from bot.core.named import Named, named_in
from bot.db.engine import Database
from bot.db.models import Chunk, Document, Memory, Trace, Turn
from bot.db.repositories import ledger, people, turns
from tests.insight.making import answered, layers_of, prompt_kept, remembered
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

DAY = timedelta(days=1)
BOBS = ChatRef("102", "private")


def held(session: Session, *turns_: Turn) -> list[bool]:
    return [prompt_kept(session, turn) for turn in turns_]


def test_what_layers_name() -> None:
    kept = layers_of(
        {
            "system": ["prompt"], "tools": ["save_user_fact"], "facts": [3], "summaries": ["recent"],
            "history": [2**32 + 1, -5], "recall": [2**32 + 2, "m:17", "k:8", "f:4", "d:9", "x:1", "odd"],
            "images": [f"{2**32 + 1}:0"],
        }
    )  # fmt: skip
    assert named_in(kept) == [
        Named("fact", 3, "facts"),
        Named("message", 2**32 + 1, "history"),
        Named("message", 2**32 + 2, "recall"),
        Named("message", 17, "recall"),
        Named("chunk", 8, "recall"),
        Named("fact", 4, "recall"),
        Named("document", 9, "recall"),
        Named("message", 2**32 + 1, "images"),
    ]


async def test_a_deleted_fact_takes_its_prompts_along(database: Database) -> None:
    def unit(session: Session) -> tuple[int, list[bool]]:
        ann, bob = settle(session, ANN, PRIVATE, START), settle(session, BOB, BOBS, START)
        said = say(session, ann, "I live in Kyiv", START)
        fact = remembered(session, ann, said, "Lives in Kyiv", "home", START)
        with_it = answered(session, ann, START, {"facts": [fact]})
        without = answered(session, ann, START, {"facts": []})
        # A tool read it out: it stands in the prompt but in no layer.
        call = {
            "role": "assistant",
            "tool_calls": [{"function": {"arguments": '{"text": "Lives\\u0020in Kyiv"}'}}],
        }
        by_tool = answered(session, ann, START, {}, prompt=[call])
        turns.record_step(session, by_tool.id, "tool:save_user_fact:1", {"text": "Remembered"}, START)
        other_tool = answered(session, ann, START, {}, prompt=[{"role": "tool", "content": "Nothing."}])
        turns.record_step(session, other_tool.id, "tool:get_user_facts:1", {"text": "Nothing."}, START)
        others = answered(session, bob, START, {"facts": [fact]})
        count = ledger.forget_prompts_holding(session, memory_ids=[fact])
        assert session.get_one(Trace, with_it.id).layers[0]["kept"] == [fact]
        return count, held(session, with_it, without, by_tool, other_tool, others)

    # The last one cannot be: a person's facts enter only their own prompts, so nobody looks there.
    assert await database.write(unit) == (2, [False, True, False, True, True])


async def test_a_fact_about_the_bot_itself_was_told_to_everybody(database: Database) -> None:
    def unit(session: Session) -> list[bool]:
        ann, bob = settle(session, ANN, PRIVATE, START), settle(session, BOB, GROUP, START)
        rules = [
            Memory(
                subject="system", kind="other", text=text, text_key=text, origin="explicit", valid_at=START,
                created_at=START, chat_id=chat,
            )
            for text, chat in (("Speak softly", None), ("No memes", bob.chat.id))
        ]  # fmt: skip
        session.add_all(rules)
        session.flush()
        anns = answered(session, ann, START, {"facts": [rules[0].id]})
        bobs = answered(session, bob, START, {"facts": [rules[1].id]})
        ledger.forget_prompts_holding(session, memory_ids=[rules[1].id])
        after_one = held(session, anns, bobs)
        ledger.forget_prompts_holding(session, memory_ids=[rules[0].id])
        return after_one + held(session, anns, bobs)

    assert await database.write(unit) == [True, False, False, False]


async def test_a_deleted_message_takes_every_prompt_along_that_shows_it(database: Database) -> None:
    def unit(session: Session) -> list[bool]:
        group, alone = settle(session, BOB, GROUP, START), settle(session, BOB, BOBS, START)
        stranger = settle(session, ANN, PRIVATE, START)
        people.seen_in(session, group.chat, group.user, START)
        secret = say(session, group, "the code of the door is 4711", START)
        session.flush()
        answer = say(session, group, "thanks", START, reply_to=secret.id)
        talk_on = answered(session, group, START, {"history": [secret.id]})
        quoting = answered(session, group, START, {"history": [answer.id]})
        recalled = answered(session, alone, START, {"recall": [secret.id]})
        pictured = answered(session, group, START, {"images": [f"{secret.id}:0"]})
        unrelated = answered(session, group, START, {"history": []})
        elsewhere = answered(session, stranger, START, {"history": [secret.id + 77]})
        ledger.forget_prompts_holding(session, message_ids=[secret.id])
        return held(session, talk_on, quoting, recalled, pictured, unrelated, elsewhere)

    assert await database.write(unit) == [False, False, False, False, True, True]


async def test_a_deleted_document_takes_its_passages_along(database: Database) -> None:
    def unit(session: Session) -> list[bool]:
        ann = settle(session, ANN, PRIVATE, START)
        document = Document(
            user_id=ann.user.id, title="House rules", mime="text/plain", size=9, digest="d", status="ready",
            created_at=START, updated_at=START,
        )  # fmt: skip
        session.add(document)
        session.flush()
        chunk = Chunk(document_id=document.id, position=0, text="Guests park for 5 euros", token_count=6)
        session.add(chunk)
        session.flush()
        cited = answered(session, ann, START, {"recall": [f"k:{chunk.id}"]})
        other = answered(session, ann, START, {"recall": [f"k:{chunk.id + 1}"]})
        ledger.forget_prompts_holding(session, document_ids=[document.id])
        return held(session, cited, other)

    assert await database.write(unit) == [False, True]


async def test_prompts_end_with_their_time(database: Database) -> None:
    def made(session: Session) -> list[int]:
        place = settle(session, ANN, PRIVATE, START)
        return [answered(session, place, START + n * DAY, {}).id for n in range(4)]

    ids = await database.write(made)

    def sweep(session: Session, day: int) -> tuple[int, list[bool]]:
        now = START + day * DAY
        count = ledger.drop_expired_prompts(session, now - 14 * DAY, now)
        session.expire_all()
        return count, [ledger.sent_prompt(session, turn_id) is not None for turn_id in ids]

    assert await database.write(lambda s: sweep(s, 14)) == (0, [True] * 4)
    assert await database.write(lambda s: sweep(s, 16)) == (2, [False, False, True, True])
    assert await database.write(lambda s: sweep(s, 16)) == (0, [False, False, True, True])

    def again(session: Session) -> None:
        ledger.keep_trace(session, ids[0], None, [], [{"role": "user", "content": "again"}], START + 2 * DAY)

    # Answered again long after it was asked: it stands behind where the last look ended.
    await database.write(again)
    assert (await database.write(lambda s: sweep(s, 17)))[1] == [False, False, False, True]
    assert (await database.write(lambda s: sweep(s, 30))) == (1, [False] * 4)


async def test_the_product_looks_for_them(database: Database) -> None:
    app: Any = SimpleNamespace(settings=SimpleNamespace(trace_retention_days=3))
    (tick,) = attach_traces(app)

    def unit(session: Session) -> bool:
        turn = answered(session, settle(session, ANN, PRIVATE, START), START, {})
        assert tick.find(session, START + 3 * DAY) == []
        assert prompt_kept(session, turn)
        tick.find(session, START + 3 * DAY + timedelta(seconds=1))
        return prompt_kept(session, turn)

    assert await database.write(unit) is False
