"""The index follows the rows it is made of, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef
from bot.db import search
from bot.db.engine import Database
from bot.db.models import Conversation, Message, SearchItem, User, Vector
from bot.db.repositories import talk as repository
from bot.db.repositories.migration import become_supergroup
from bot.memory.indexing import flush, index_overdue
from bot.memory.lexing import query_terms, terms
from tests.search.town import chat_of, found, indexed, talk, words_of
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, PRIVATE, settle

OTHER = ChatRef("-1002", "supergroup", "Elsewhere")

SAID = [
    ("We moved into the new apartment in March", "apartments march"),
    ("Ми жили у Львові біля м’ясного ринку", "Львів ринок"),
    ("Подарок для отца спрятан в шкафу, ёлка на балконе", "подарки елка"),
    ("我下个月去东京出差，住在新宿", "东京 新宿"),
    ("พรุ่งนี้ไปกินข้าวที่เชียงใหม่", "เชียงใหม่"),
    ("내일 부산에 가요", "부산"),
    ("Rewriting it in C++ and C#, see issue 1,024", "c++ 1024"),
    ("ping @ann_lee about the 🍕 at 18:30", "@ann_lee 🍕 18:30"),
    ("O'Brien's caf\u00e9 isn't open \"today\" \\ 'x' & | !", "obrien cafe"),
    ("größere Häuser für uns und die Kinder", "größere Häuser"),
]


async def test_what_was_said_is_found_by_other_forms_of_its_words(database: Database) -> None:
    chat, ids = await indexed(database, [said for said, _ in SAID])
    for message, (_, query) in zip(ids, SAID, strict=True):
        assert await found(database, chat, query) == [message], query


async def test_hostile_queries_are_only_words(database: Database) -> None:
    chat, ids = await indexed(database, ["plain words AND nothing else"])
    for query in ('" OR 1=1 --', "plain' | 'x", "a:b* NEAR(x)", "\\", "'", "{}", "%"):
        await found(database, chat, query)
    raw = ['"', "'", "\\", "a b", "x' | 'y", 'x" OR "y', "*"]
    assert await database.read(lambda s: search.message_postings(s, [chat], raw)) == {}
    assert await found(database, chat, "words else plain") == ids


async def test_nothing_of_another_chat_is_found(database: Database) -> None:
    here, ids = await indexed(database, ["the budget of this year", "nothing"])
    there, others = await indexed(database, ["the budget of last year"], OTHER)
    assert await found(database, here, "budget") == ids[:1]
    assert await found(database, there, "budget") == others
    assert await found(database, [here, there], "budget") == sorted(ids[:1] + others)
    assert await found(database, [], "budget") == []
    # The prefix of one chat is never the beginning of another's: 1 and 11.
    assert await found(database, int(f"{here}1"), "budget") == []
    assert await database.read(lambda s: search.frequencies(s, [here], ["budget", "none"])) == {
        "budget": 1,
        "none": 0,
    }


async def test_postings_are_bounded_and_counted(database: Database) -> None:
    texts = [f"tea {'green ' * (n % 4)}number{n}" for n in range(40)]
    chat, ids = await indexed(database, texts)
    read = database.read
    assert list((await read(lambda s: search.message_postings(s, [chat], ["tea"])))["tea"].ids) == ids
    newest = (await read(lambda s: search.message_postings(s, [chat], ["tea"], limit=5)))["tea"]
    assert (list(newest.ids), newest.complete) == (ids[-5:], False)
    exact = (await read(lambda s: search.message_postings(s, [chat], ["tea"], limit=40)))["tea"]
    assert (len(exact.ids), exact.complete) == (40, True)
    middle = await read(lambda s: search.message_postings(s, [chat], ["green"], low=ids[8], high=ids[11]))
    assert (list(middle["green"].ids), middle["green"].tf) == (ids[9:12], [1, 2, 3])
    beside = await read(lambda s: search.message_postings(s, [chat], ["tea"], beside=["number7", "number9"]))
    assert list(beside["tea"].ids) == [ids[7], ids[9]]
    assert await read(lambda s: search.frequencies(s, [chat], ["green"], most=12)) == {"green": 12}
    assert await read(lambda s: search.frequencies(s, [chat], ["green"])) == {"green": 30}
    assert await read(lambda s: search.message_count_of(s, [chat])) == 40
    assert await read(lambda s: search.message_count_of(s, [])) == 0


async def test_an_edited_message_is_found_by_its_new_words_only(database: Database) -> None:
    chat, [message] = await indexed(database, ["the meeting is on Monday"])
    await database.write(lambda s: put_vectors(s, chat, [message]))

    def edit(session: Session) -> None:
        row = session.get_one(Message, message)
        repository.edit(session, row, "the meeting is on Friday", 6, START)

    await database.write(edit)
    assert await found(database, chat, "monday") == []
    assert await database.read(vectors) == []
    await flush(database, [chat])
    assert await found(database, chat, "friday meeting") == [message]
    assert await found(database, chat, "monday") == []


async def test_a_huge_message_is_indexed_by_its_beginning(database: Database) -> None:
    endless = " ".join(f"{'ю' * 30}{n:x}q" for n in range(40_000))
    chat, ids = await indexed(database, [f"first {endless}", "second"])
    assert await found(database, chat, "first") == ids[:1]
    assert await found(database, chat, "second") == ids[1:]
    assert len(str((await database.read(words_of))[ids[0]]).split()) <= search.entries.MOST_TERMS


def put_vectors(session: Session, chat: int, ids: list[int]) -> None:
    for message in ids:
        search.put_vector(session, "message", message, f"c{chat}", "m", [1.0, 0.0])


def vectors(session: Session) -> list[tuple[int, str]]:
    return [(row.item_id, row.owner) for row in session.query(Vector).order_by(Vector.item_id)]


@pytest.mark.parametrize("way", ["rows", "conversation", "owner", "remove"])
async def test_what_is_deleted_is_found_no_more_however_it_goes(database: Database, way: str) -> None:
    chat, ids = await indexed(database, ["a secret garden", "a garden"], PRIVATE)
    there, others = await indexed(database, ["a secret"], OTHER, BOB)
    await database.write(lambda s: put_vectors(s, chat, ids))

    def delete_it(session: Session) -> None:
        if way == "rows":
            session.execute(delete(Message).where(Message.id.in_(ids)))
        elif way == "conversation":  # before its messages
            session.execute(delete(Conversation).where(Conversation.chat_id == chat))
            session.execute(delete(Message).where(Message.id.in_(ids)))
        elif way == "owner":
            session.execute(update(Message).values(sender_id=None))
            session.execute(delete(User).where(User.external_id == ANN.external_id))
        else:
            search.remove_messages(session, ids)

    await database.write(delete_it)
    assert await found(database, chat, "garden") == []
    assert await found(database, [chat, there], "secret") == others
    assert await database.read(vectors) == []
    assert await flush(database, [chat]) == 0
    await database.write(check_integrity)


def check_integrity(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        for table in ("fts_messages", "fts_items"):
            session.execute(text(f"INSERT INTO {table}({table}) VALUES ('integrity-check')"))
            session.execute(text(f"INSERT INTO {table}({table}) VALUES ('optimize')"))
        left = session.scalar(text("SELECT count(*) FROM fts_messages_idx WHERE segid IS NOT NULL"))
        assert left is not None


async def test_incognito_talk_is_never_indexed(database: Database) -> None:
    def hide(session: Session) -> None:
        settle(session, ANN, PRIVATE, START).conversation.incognito = True

    await database.write(hide)
    chat, ids = await indexed(database, ["whisper"], PRIVATE)
    assert await found(database, chat, "whisper") == []
    assert await database.read(words_of) == dict.fromkeys(ids, "")
    assert await flush(database, [chat]) == 0


async def test_what_left_the_window_is_indexed_and_the_rest_when_it_rests(database: Database) -> None:
    clock = ManualClock()
    chat, ids = await talk(database, [f"word{n}" for n in range(30)])
    assert await index_overdue(database, clock, keep=20) == 0  # ten left it: not worth it yet
    assert await index_overdue(database, clock, keep=14) == 16
    assert await found(database, chat, "word15") == ids[15:16]
    assert await found(database, chat, "word16") == []
    assert await flush(database, [chat], below=ids[20]) == 4
    assert await flush(database, [chat], below=ids[20]) == 0
    clock.advance(601)
    assert await index_overdue(database, clock, keep=14) == 10
    assert await found(database, chat, "word29") == ids[29:]
    assert await index_overdue(database, clock, keep=14) == 0


async def test_indexing_at_the_same_time_indexes_once(database: Database) -> None:
    chat, ids = await talk(database, [f"shared word{n}" for n in range(250)])

    async def one() -> int:
        done = await flush(database, [chat])
        assert await found(database, chat, "shared") == ids  # also when others did the work
        return done

    assert sum(await asyncio.gather(*(one() for _ in range(4)))) == 250
    await database.write(check_integrity)


async def test_an_edit_beside_the_indexing_is_not_lost(database: Database) -> None:
    chat, ids = await talk(database, ["old word"] * 60)

    def edit(session: Session, message: int) -> None:
        row = session.get_one(Message, message, with_for_update=True)
        repository.edit(session, row, "fresh word", 2, START)

    await asyncio.gather(flush(database, [chat]), *(database.write(lambda s, m=m: edit(s, m)) for m in ids))  # type: ignore[misc]
    await flush(database, [chat])
    assert await found(database, chat, "old") == []
    assert await found(database, chat, "fresh") == ids


@pytest.mark.parametrize("twin", [True, False])
async def test_a_group_that_becomes_a_supergroup_keeps_its_index(database: Database, twin: bool) -> None:
    old, new = ChatRef("-5", "group", "Team"), ChatRef("-1005", "supergroup", "Team")
    chat, ids = await indexed(database, ["before the move"], old)
    topic = new if twin else ChatRef("-1005", "supergroup", "Team", topic_id=9)
    young, moved = await indexed(database, ["after the move", "still here"], topic)

    def more(session: Session) -> bool:
        put_vectors(session, young, moved)
        search.put_item(session, "summary", 7, f"c{young}", terms("what moved"))
        search.put_vector(session, "summary", 7, f"c{young}", "m", [1.0])
        return become_supergroup(session, "tg", old.external_id, new.external_id, START)

    assert await database.write(more)
    assert await database.read(lambda s: chat_of(s, new)) == chat
    now = await database.read(lambda s: [i for i in words_of(s) if i not in ids]) if twin else moved
    assert await found(database, chat, "move") == [*ids, now[0]]
    assert await found(database, young, "move") == []
    assert await database.read(vectors) == [(7, f"c{chat}"), *((i, f"c{chat}") for i in now)]
    items = await database.read(lambda s: search.item_postings(s, [f"c{chat}"], ["summary"], ["move"]))
    assert items["move"].ids == [("summary", 7)]
    await database.write(check_integrity)


async def test_items_belong_to_their_owner_and_can_be_replaced(database: Database) -> None:
    def put(session: Session) -> None:
        search.put_item(session, "fact", 1, "u1", terms("Has a dog, the dog is called Rex"))
        search.put_item(session, "fact", 2, "u2", terms("Has a dog"))
        search.put_item(session, "chunk", 1, "u1", terms("Dogs are not allowed in the house"))
        search.put_item(session, "fact", 3, "u1", [])

    await database.write(put)

    async def ask(owners: list[str], kinds: list[str], query: str) -> dict[str, tuple[object, object]]:
        wanted = query_terms(query)
        hits = await database.read(lambda s: search.item_postings(s, owners, kinds, wanted))
        return {term: (list(hit.ids), hit.tf) for term, hit in hits.items()}

    both = [("fact", 1), ("chunk", 1)]
    assert await ask(["u1"], ["fact", "chunk"], "dogs") == {"dog": (both, [2, 1])}
    assert await ask(["u1", "u2"], ["fact"], "dog") == {"dog": ([("fact", 1), ("fact", 2)], [2, 1])}
    assert await ask([], ["fact"], "dog") == {}
    assert await database.read(lambda s: search.item_count_of(s, ["u1"], ["fact"])) == 2
    await database.write(lambda s: search.put_item(s, "fact", 1, "u1", terms("Has a cat")))
    await database.write(lambda s: search.remove_item(s, "chunk", 1))
    assert await ask(["u1"], ["fact", "chunk"], "dogs") == {}
    assert await ask(["u1"], ["fact", "chunk"], "cats") == {"cat": ([("fact", 1)], None)}
    await database.write(lambda s: s.execute(delete(SearchItem)))
    assert await ask(["u1"], ["fact"], "cats") == {}
    await database.write(check_integrity)
