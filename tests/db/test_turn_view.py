"""What a turn is shown: the right history, and nobody's facts but the asker's own, where they may stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import AttachmentRef, ChatRef
from bot.core.scope import Scope
from bot.core.views import FactView, TurnView
from bot.db.engine import Database
from bot.db.models import Memory, Message, Profile, Summary
from bot.db.repositories import memories, talk, turns
from bot.db.repositories.turn_view import QUOTE_LENGTH, ViewLimits, load_for_chat, load_for_turn
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, Place, ask, say, settle

NOW = START + timedelta(hours=1)
LIMITS = ViewLimits(NOW, history=5, default_language="uk")


def texts(view: TurnView) -> list[str]:
    return [message.text for message in view.history]


async def test_history_is_what_stands_before_and_not_what_still_waits(database: Database) -> None:
    def unit(session: Session) -> tuple[TurnView, TurnView]:
        place = settle(session, ANN, GROUP, START)
        for n in range(7):
            say(session, place, f"m{n}", START)
        bob = settle(session, BOB, GROUP, START)
        first = ask(session, place, say(session, place, "first question", START), START)
        part = say(session, place, "its second part", START)
        turns.extend(session, first, part.id, START)
        second = ask(session, bob, say(session, bob, "second question", START), START)
        turns.take_up(session, first.id, START)
        session.flush()
        before = load_for_turn(session, first.id, LIMITS)
        say(session, place, "first answer", START, direction="outgoing")
        turns.settle(session, first.id, status="answered", now=START)
        turns.take_up(session, second.id, START)
        session.flush()
        return before, load_for_turn(session, second.id, LIMITS)

    before, after = await database.write(unit)
    assert texts(before) == ["m2", "m3", "m4", "m5", "m6"]
    assert [message.text for message in before.current] == ["first question", "its second part"]
    # The answer was written after the second question was asked, and belongs before it all the same.
    assert texts(after) == ["m5", "m6", "first question", "its second part", "first answer"]
    assert [message.text for message in after.current] == ["second question"]
    assert after.history[-1].outgoing
    assert (after.asker.external_id, before.asker.external_id) == (BOB.external_id, ANN.external_id)


async def test_other_conversations_of_the_chat_stay_out(database: Database) -> None:
    def unit(session: Session) -> TurnView:
        old = settle(session, ANN, GROUP, START)
        say(session, old, "old", START)
        talk.archive(session, old.conversation, START, cleared=True)
        topic = settle(session, ANN, ChatRef(GROUP.external_id, "supergroup", GROUP.title, topic_id=4), START)
        say(session, topic, "elsewhere", START)
        new = settle(session, ANN, GROUP, START)
        say(session, new, "new", START)
        return load_for_turn(session, ask(session, new, say(session, new, "?", START), START).id, LIMITS)

    assert texts(await database.write(unit)) == ["new"]


async def test_quotes_attachments_and_the_replied_message(database: Database) -> None:
    long = "слово " * 100

    def unit(session: Session) -> TurnView:
        place = settle(session, ANN, PRIVATE, START)
        photo = say(session, place, "look", START, content_type="image")
        talk.attach(session, photo, [AttachmentRef("image", "f1", width=3), AttachmentRef("image", "f2")])
        wordy = say(session, place, long, START)
        for n in range(4):
            say(session, place, f"m{n}", START)
        say(session, place, "about the words", START, reply_to=wordy.id)
        question = say(
            session, place, "and this?", START, reply_to=photo.id, quote="loo", content_type="voice"
        )
        talk.attach(session, question, [AttachmentRef("voice", "f3", size=2**40)])
        return load_for_turn(session, ask(session, place, question, START).id, LIMITS)

    view = await database.write(unit)
    assert texts(view)[-1] == "about the words"
    assert view.history[-1].reply_quote == long[:QUOTE_LENGTH]
    assert view.replied is not None
    assert [(f.file_id, f.width) for f in view.replied.attachments] == [("f1", 3), ("f2", None)]
    [current] = view.current
    assert (current.reply_quote, current.attachments[0].size) == ("loo", 2**40)


async def test_profile_summaries_and_language(database: Database) -> None:
    def unit(session: Session) -> list[TurnView]:
        place, _ = settle(session, ANN, GROUP, START), settle(session, BOB, GROUP, START)
        session.add(Profile(user_id=place.user.id, language="ru", pronouns="she/her", updated_at=START))
        for kind in ("recent", "long"):
            for topic in (0, 9):
                session.add(
                    Summary(
                        chat_id=place.chat.id, topic_id=topic, kind=kind, text=f"{kind} {topic}",
                        token_count=2, period_start=START, period_end=NOW, cursor_at=NOW, model="m",
                        created_at=START,
                    )
                )  # fmt: skip
        place.conversation.context_summary = "so far"
        session.flush()
        return [load_for_chat(session, GROUP, who, LIMITS) for who in (ANN, BOB)]

    ann, bob = await database.write(unit)
    assert [summary.text for summary in ann.summaries] == ["long 0", "recent 0"]
    assert (ann.profile.pronouns, ann.language, ann.context_summary) == ("she/her", "ru", "so far")
    assert (bob.profile.pronouns, bob.language) == (None, "uk-UA")


async def test_what_is_gone_or_unknown_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda s: load_for_turn(s, 404, LIMITS))
    await database.write(lambda s: settle(s, ANN, PRIVATE, START))
    for chat, person in ((GROUP, ANN), (PRIVATE, BOB)):
        with pytest.raises(NotFound):
            await database.read(lambda s, c=chat, p=person: load_for_chat(s, c, p, LIMITS))  # type: ignore[misc]


def remember(session: Session, place: Place, text: str, **more: Any) -> Memory:
    values: dict[str, Any] = {
        "kind": "other", "scope": "global", "origin": "explicit", "valid_at": START, "created_at": START,
        "chat_id": place.chat.id, "text_key": text, **more,
    }  # fmt: skip
    return memories.add(session, Memory(user_id=place.user.id, text=text, **values), [])


def fill(session: Session) -> tuple[Place, Place, Place]:
    group, private = settle(session, ANN, GROUP, START), settle(session, ANN, PRIVATE, START)
    bob = settle(session, BOB, GROUP, START)
    remember(session, private, "public")
    remember(session, private, "private", scope="private")
    remember(session, private, "sensitive", sensitive=True)
    remember(session, group, "of the group", scope="chat")
    remember(session, private, "of the private chat", scope="chat")
    remember(session, group, "still valid", expires_at=NOW + timedelta(seconds=1))
    remember(session, group, "expired", expires_at=NOW)
    remember(session, group, "superseded", invalid_at=START)
    remember(session, group, "archived", archived_at=START)
    remember(session, group, "deleted", deleted_at=START)
    remember(session, bob, "Bob's")
    return group, private, bob


def shown(facts: list[FactView] | tuple[FactView, ...]) -> set[str]:
    return {fact.text for fact in facts}


async def test_facts_stand_only_where_they_may(database: Database) -> None:
    def unit(session: Session) -> dict[str, set[str]]:
        group, private, bob = fill(session)
        found = {
            name: load_for_turn(
                session, ask(session, place, say(session, place, "?", START), START).id, LIMITS
            ).facts
            for name, place in (("group", group), ("private", private), ("bob", bob))
        }
        return {name: shown(facts) for name, facts in found.items()}

    found = await database.write(unit)
    assert found["group"] == {"public", "of the group", "still valid"}
    assert found["private"] == {"public", "private", "sensitive", "of the private chat", "still valid"}
    assert found["bob"] == {"Bob's"}


@pytest.mark.parametrize("private", [True, False])
async def test_an_empty_scope_sees_nothing(database: Database, private: bool) -> None:
    def unit(session: Session) -> None:
        group, *_ = fill(session)
        for chat in (None, group.chat.id):
            scope = Scope(None, chat, private)
            assert memories.valid_facts(session, scope, NOW) == []
            assert memories.page(session, scope, NOW, 0, 50) == []
            assert memories.count_valid(session, scope, NOW) == 0
            assert memories.numbered(session, scope, NOW) == []
            assert [memories.owned(session, scope, n) for n in range(1, 13)] == [None] * 12

    await database.write(unit)


async def test_a_person_sees_all_of_their_own_list_and_no_strangers_row(database: Database) -> None:
    def unit(session: Session) -> None:
        group, _, bob = fill(session)
        own = Scope(group.user.id, None, True)
        assert shown(memories.valid_facts(session, own, NOW)) == {
            "public", "private", "sensitive", "of the group", "of the private chat", "still valid",
        }  # fmt: skip
        bobs = memories.valid_facts(session, bob.scope, NOW)[0].id
        assert memories.owned(session, own, bobs) is None
        assert memories.owned(session, bob.scope, bobs) is not None

    await database.write(unit)


async def test_a_fact_with_several_sources_counts_once_and_shows_the_first(database: Database) -> None:
    def unit(session: Session) -> list[FactView]:
        place = settle(session, ANN, PRIVATE, START)
        said = [say(session, place, f"said {n}", START).id for n in range(3)]
        for n in range(3):
            row = remember(session, place, f"fact {n}", created_at=START + timedelta(seconds=n))
            sources = [(message, f"quote {message}") for message in said]
            memories.add(session, row, sources)
        return memories.valid_facts(session, place.scope, NOW, limit=2)

    facts = await database.write(unit)
    assert [fact.text for fact in facts] == ["fact 2", "fact 1"]
    assert {fact.message_id for fact in facts} == {min(fact.message_id or 0 for fact in facts)}


async def test_the_number_of_statements_is_small_and_does_not_grow(database: Database) -> None:
    def statements(session: Session, turn_id: int) -> int:
        session.expunge_all()  # as in a reader: nothing is known beforehand
        sent: list[str] = []
        connection = session.connection()

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        load_for_turn(session, turn_id, ViewLimits(NOW, history=100))
        event.remove(connection, "before_cursor_execute", note)
        return len(sent)

    def talk_on(session: Session, place: Place, count: int) -> Message:
        previous: Message | None = None
        for n in range(count):
            previous = say(
                session, place, f"m{n}", START, reply_to=previous and previous.id,
                content_type="image" if n % 2 else "text",
            )  # fmt: skip
            talk.attach(session, previous, [AttachmentRef("image", "f")] if n % 2 else [])
        assert previous is not None
        return previous

    def unit(session: Session) -> list[int]:
        place = settle(session, ANN, GROUP, START)
        remember(session, place, "fact")
        early = say(session, place, "early", START, content_type="image")
        counts = []
        for count in (2, 150, 300):
            talk_on(session, place, count)
            question = say(session, place, "?", START, reply_to=early.id)
            turn = ask(session, place, question, START)
            turns.take_up(session, turn.id, START)
            session.flush()
            counts.append(statements(session, turn.id))
        return counts

    # Who asks where, all messages, their files, the facts, the rules.
    assert await database.write(unit) == [5, 5, 5]
