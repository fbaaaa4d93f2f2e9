"""What a reply knew, to each only what they may see: its asker, others in the group, operators."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import NotAllowed, NotFound
from bot.core.messages import ChatRef
from bot.db.engine import Database
from bot.db.models import AuditRow, Chunk, Document, Memory, Turn
from bot.db.repositories import people, talk, turns
from bot.services.accounts import ReplyTrace
from bot.services.insight import Insight, Operator
from bot.services.reach import Caller
from tests.insight.making import PROMPT, answered, remembered
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, PRIVATE, say, settle

HOUSE = ChatRef("-100555", "supergroup", "House")
SAID = START - timedelta(days=2)


def told(trace: ReplyTrace) -> set[str]:
    """Every text that an account shows."""
    shown: set[str | None] = {trace.model}
    for fact in trace.facts:
        shown |= {fact.text, fact.quote}
    for message in trace.messages:
        shown |= {message.text, message.speaker}
    shown |= {tool.result for tool in trace.tools} | {passage.title for passage in trace.knowledge}
    shown |= {message["content"] for message in trace.prompt or ()}
    return {text for text in shown if text}


async def a_private_turn(database: Database) -> int:
    """Ann asked in private; the prompt held a fact said in a group, a message of a group, a document."""

    def unit(session: Session) -> int:
        ann = settle(session, ANN, PRIVATE, START)
        house, bob = settle(session, ANN, HOUSE, SAID), settle(session, BOB, HOUSE, SAID)
        left = settle(session, ANN, replace(HOUSE, external_id="-100666", title="Left"), SAID)
        people.seen_in(session, house.chat, house.user, SAID)
        said = say(session, house, "I live in Kyiv", SAID)
        talk.refer(session, house.chat.id, ["41"], said.id)
        tent = say(session, bob, "I bring the tent", SAID)
        talk.refer(session, house.chat.id, ["42"], tent.id)
        gone = say(session, settle(session, BOB, left.ref, SAID), "words of a group she left", SAID)
        old = say(session, house, "over by now", SAID)
        old.expires_at = START
        facts = [
            remembered(session, house, said, text, "other", SAID)
            for text in ("Lives in Kyiv", "Eats no meat", "Forgotten since")
        ]
        session.get_one(Memory, facts[2]).deleted_at = START
        document = Document(
            user_id=ann.user.id, title="House rules", mime="text/plain", size=1, digest="d", created_at=START,
            updated_at=START,
        )  # fmt: skip
        session.add(document)
        session.flush()
        chunk = Chunk(document_id=document.id, position=0, text="…", page=3, token_count=1)
        session.add(chunk)
        session.flush()
        kept: dict[str, Any] = {
            "summaries": ["recent"], "facts": facts, "history": [say(session, ann, "hello", SAID).id],
            "recall": [tent.id, gone.id, old.id, f"k:{chunk.id}"],
        }  # fmt: skip
        turn = answered(session, ann, START, kept)
        turns.record_step(
            session, turn.id, "tool:save_user_fact:1", {"text": "Remembered: tea\nand more"}, START
        )
        return turn.id

    return await database.write(unit)


async def test_the_asker_sees_what_was_used_with_its_sources(database: Database, clock: ManualClock) -> None:
    turn_id = await a_private_turn(database)
    insight = Insight(database, clock)
    trace = await insight.trace_of(ANN, turn_id=turn_id)
    assert [(f.text, f.quote, f.said_at) for f in trace.facts] == [
        ("Eats no meat", "I live in Kyiv", SAID),
        ("Lives in Kyiv", "I live in Kyiv", SAID),
    ]
    source = trace.facts[0].source
    assert source is not None
    assert (source.link, source.said_at) == ("https://t.me/c/555/41", SAID)
    assert trace.hidden == 1
    assert [(m.text, m.speaker, m.link) for m in trace.messages] == [
        ("I bring the tent", "Bob (id:102)", "https://t.me/c/555/42")
    ]
    assert (trace.history.count, trace.history.since, trace.summaries) == (1, SAID, ("recent",))
    assert [(k.title, k.page) for k in trace.knowledge] == [("House rules", 3)]
    assert [(t.name, t.result) for t in trace.tools] == [("save_user_fact", "Remembered: tea")]
    assert trace.usage is not None
    assert (trace.model, trace.usage.prompt_tokens, trace.usage.cost) == ("gpt-4o-mini", 100, 0.25)
    assert trace.prompt == [PROMPT]
    by_reply = await insight.trace_of(ANN, message_id=trace.message_id)
    by_question = await insight.trace_of(ANN, message_id=(trace.message_id or 0) - 1)
    assert by_reply == by_question == trace


async def test_nobody_else_gets_it(database: Database, clock: ManualClock) -> None:
    turn_id = await a_private_turn(database)
    insight = Insight(database, clock)
    for stranger in (BOB, replace(ANN, external_id="999"), replace(ANN, platform="cli")):
        with pytest.raises(NotFound):
            await insight.trace_of(stranger, turn_id=turn_id)
        assert await insight.trace_here(stranger, PRIVATE, None) is None
    with pytest.raises(NotFound):
        await insight.trace_of(ANN, turn_id=turn_id + 1)
    with pytest.raises(NotFound):
        await insight.trace_of(ANN, message_id=5)


async def test_an_operator_sees_no_texts_unless_they_ask_which_is_noted(
    database: Database, clock: ManualClock
) -> None:
    turn_id = await a_private_turn(database)
    insight = Insight(database, clock)
    hidden = await insight.trace_of(Operator("cli:root"), turn_id=turn_id)
    assert told(hidden) == {"gpt-4o-mini"}
    assert [layer["name"] for layer in hidden.layers][:2] == ["summaries", "facts"]
    assert (len(hidden.facts), len(hidden.messages), hidden.prompt_kept) == (2, 3, True)

    def rows(session: Session) -> list[tuple[str, str, str]]:
        return [(row.actor, row.action, row.target) for row in session.scalars(select(AuditRow))]

    assert await database.read(rows) == []
    shown = await insight.trace_of(Operator("cli:root"), turn_id=turn_id, reveal=True)
    assert {"Lives in Kyiv", "words of a group she left", "House rules", "Be kind."} <= told(shown)
    assert shown.revealed
    assert await database.read(rows) == [("cli:root", "trace.reveal", f"turn:{turn_id}")]


async def test_in_a_group_everybody_reads_along(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> Turn:
        ann, alone = settle(session, ANN, HOUSE, START), settle(session, ANN, PRIVATE, START)
        bob = settle(session, BOB, HOUSE, START)
        elsewhere = say(session, alone, "between us: I like tea", SAID)
        here = say(session, ann, "I like hills", SAID)
        talk.refer(session, ann.chat.id, ["7"], here.id)
        facts = [
            remembered(session, alone, elsewhere, "Likes tea", "other", SAID),
            remembered(session, ann, here, "Likes hills", "other", SAID),
            remembered(session, ann, here, "Has asthma", "health", SAID),
            remembered(session, ann, here, "Made private since", "other", SAID),
        ]
        session.get_one(Memory, facts[3]).scope = "private"
        secret = say(session, settle(session, BOB, ChatRef("102", "private"), SAID), "Bob's own", SAID)
        tent = say(session, bob, "I bring the tent", SAID)
        turn = answered(session, ann, START, {"facts": facts, "recall": [tent.id, secret.id, elsewhere.id]})
        talk.refer(session, ann.chat.id, ["8"], turn.reply_message_id or 0)
        return turn

    await database.write(unit)
    insight = Insight(database, clock, "Europe/Kyiv")
    own = await insight.trace_here(ANN, HOUSE, None)
    assert own is not None
    assert [(f.text, f.quote, f.source and f.source.link) for f in own.facts] == [
        ("Likes hills", "I like hills", "https://t.me/c/555/7"),
        ("Likes tea", None, None),
    ]
    assert (own.hidden, own.zone, own.prompt) == (2, "Europe/Kyiv", None)
    assert [m.text for m in own.messages] == ["I bring the tent"]
    bobs = await insight.trace_here(BOB, HOUSE, "8")
    assert bobs is not None
    assert told(bobs) == {"gpt-4o-mini", "I bring the tent", "Bob (id:102)"}
    assert (bobs.own, bobs.layers, bobs.tools, bobs.usage) == (False, (), (), None)
    assert await insight.trace_here(BOB, HOUSE, None) is None
    assert await insight.trace_here(BOB, HOUSE, "9999") is None
    # The same id in another chat is another message.
    assert await insight.trace_here(ANN, PRIVATE, "8") is None


async def test_an_answer_of_notices_alone_and_another_topic(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        ann = settle(session, ANN, replace(HOUSE, topic_id=4), START)
        turn = answered(session, ann, START, {})
        turns.note_visible(session, turns.delivery_key(turn.id), "-100555", ["77"], START, done=True)

    await database.write(unit)
    insight = Insight(database, clock)
    assert await insight.trace_here(ANN, HOUSE, "77") is not None
    assert await insight.trace_here(ANN, replace(HOUSE, topic_id=4), None) is not None
    assert await insight.trace_here(ANN, HOUSE, None) is None


async def test_callers_of_the_api(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> int:
        person = replace(ANN, external_id="anna", platform="api")
        place = settle(session, person, ChatRef("s1", "api", platform="api"), START)
        place.conversation.application, place.conversation.user_id = "desk", place.user.id
        return answered(session, place, START, {}).reply_message_id or 0

    message_id = await database.write(unit)
    insight = Insight(database, clock)
    own = await insight.trace_for(Caller("key", "k1", "desk", frozenset({"read"})), message_id)
    assert (own.own, own.prompt) == (True, [PROMPT])
    with pytest.raises(NotFound):
        await insight.trace_for(Caller("key", "k2", "other", frozenset({"read", "write"})), message_id)
    with pytest.raises(NotAllowed):
        await insight.trace_for(Caller("key", "k1", "desk", frozenset({"read"})), message_id, reveal=True)
    admin = Caller("key", "k3", "ops", frozenset({"admin"}))
    assert (await insight.trace_for(admin, message_id)).prompt is None
    assert (await insight.trace_for(admin, message_id, reveal=True)).prompt == [PROMPT]
    actors = await database.read(lambda s: list(s.scalars(select(AuditRow.actor))))
    assert actors == ["api:k3"]
