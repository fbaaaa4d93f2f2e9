"""Conversations and messages: ids, counters, windows, and one active conversation for each scope."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, conversation_range, seq_of
from bot.core.messages import ChatRef
from bot.db.engine import Database
from bot.db.models import Conversation, Message, MessageVersion
from bot.db.repositories import people, talk
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle


async def test_ids_pack_conversation_and_sequence_and_counters_follow(database: Database) -> None:
    def unit(session: Session) -> None:
        first, second = settle(session, ANN, GROUP, START), settle(session, ANN, PRIVATE, START)
        ids = [say(session, place, "x", START).id for place in (first, second, first)]
        assert [seq_of(i) for i in ids] == [1, 1, 2]
        numbers = [conversation_of(i) for i in ids]
        assert numbers == [first.conversation.no, second.conversation.no, first.conversation.no]
        low, high = conversation_range(first.conversation.no)
        inside = session.scalars(select(Message.id).where(Message.id.between(low, high))).all()
        assert inside == [ids[0], ids[2]]
        session.refresh(first.conversation)
        assert first.conversation.message_count == 2
        assert first.conversation.next_seq == 3
        assert first.conversation.last_message_at == START

    await database.write(unit)


async def test_concurrent_appends_get_distinct_consecutive_ids(database: Database) -> None:
    no = await database.write(lambda s: settle(s, ANN, GROUP, START).conversation.no)
    new = talk.NewMessage("incoming", "hello", "Ann", START)
    ids = await asyncio.gather(*(database.write(lambda s: talk.append(s, no, new).id) for _ in range(40)))
    assert sorted(seq_of(i) for i in ids) == list(range(1, 41))
    assert await database.read(lambda s: s.get_one(Conversation, no).message_count) == 40


async def test_a_failed_append_takes_no_number(database: Database) -> None:
    def failing(session: Session, no: int) -> None:
        talk.append(session, no, talk.NewMessage("incoming", "lost", "Ann", START))
        raise LookupError

    no = await database.write(lambda s: settle(s, ANN, GROUP, START).conversation.no)
    with pytest.raises(LookupError):
        await database.write(lambda s: failing(s, no))
    new = talk.NewMessage("incoming", "kept", "Ann", START)
    assert seq_of(await database.write(lambda s: talk.append(s, no, new).id)) == 1


async def test_scope_keys_tell_people_and_topics_apart(database: Database) -> None:
    def unit(session: Session) -> None:
        ann, bob = people.upsert_user(session, ANN, START), people.upsert_user(session, BOB, START)
        topic = ChatRef(GROUP.external_id, "supergroup", topic_id=7)
        assert talk.scope_key(PRIVATE, ann) == "tg:101:u101"
        assert talk.scope_key(GROUP, ann) == talk.scope_key(GROUP, bob) == "tg:-1001:0"
        assert talk.scope_key(topic, ann) == "tg:-1001:7"
        long = [ChatRef(f"{end}{'x' * 250}", "api", platform="api") for end in "ab"]
        keys = {talk.scope_key(ref, user) for ref in long for user in (ann, bob)}
        assert len(keys) == 4
        assert all(len(key) <= 255 for key in keys)

    await database.write(unit)


@pytest.mark.parametrize("ref", [PRIVATE, GROUP])
async def test_parallel_first_messages_share_one_conversation(database: Database, ref: ChatRef) -> None:
    def archive(session: Session) -> None:
        talk.archive(session, settle(session, ANN, ref, START).conversation, START, cleared=False)

    def first(session: Session) -> int:
        return settle(session, ANN, ref, START).conversation.no

    for known in (False, True):  # strangers, then people of whom only the conversation is missing
        numbers = await asyncio.gather(*(database.write(first) for _ in range(12)))
        assert len(set(numbers)) == 1
        assert len(await database.read(lambda s: s.scalars(select(Conversation)).all())) == 1 + known
        await database.write(archive)


async def test_parallel_fresh_starts_leave_one_active_conversation(database: Database) -> None:
    def fresh(session: Session) -> int:
        place = settle(session, ANN, GROUP, START)
        talk.archive(session, place.conversation, START, cleared=False)
        return talk.active_conversation(session, place.chat, GROUP, place.user, START).no

    await database.write(lambda s: settle(s, ANN, GROUP, START))
    await asyncio.gather(*(database.write(fresh) for _ in range(8)))
    statuses = await database.read(lambda s: s.scalars(select(Conversation.status)).all())
    assert statuses.count("active") == 1
    assert statuses.count("archived") >= 1


async def test_an_edit_keeps_what_was_said_before(database: Database) -> None:
    def unit(session: Session) -> None:
        message = say(session, settle(session, ANN, GROUP, START), "first", START)
        later = START + timedelta(minutes=1)
        assert not talk.edit(session, message, "first", 1, later)
        assert not message.edited_at
        assert talk.edit(session, message, "second\x00", 2, later)
        session.flush()
        assert (message.content, message.token_count, message.edited_at) == ("second", 2, later)
        assert session.scalars(select(MessageVersion.content)).all() == ["first"]

    await database.write(unit)


async def test_platform_ids_find_their_message_in_their_chat_only(database: Database) -> None:
    def unit(session: Session) -> None:
        group, private = settle(session, ANN, GROUP, START), settle(session, ANN, PRIVATE, START)
        here, there = say(session, group, "here", START), say(session, private, "there", START)
        talk.refer(session, group.chat.id, ["5", "6"], here.id)
        talk.refer(session, private.chat.id, ["5"], there.id)
        talk.refer(session, group.chat.id, ["6"], there.id)  # known already: it stays
        talk.refer(session, group.chat.id, [], there.id)
        assert [
            found.content if (found := talk.by_external_id(session, chat, external)) else None
            for chat, external in ((group.chat.id, "5"), (group.chat.id, "6"), (private.chat.id, "6"))
        ] == ["here", "here", None]
        assert talk.by_external_id(session, private.chat.id, "5") is there
        assert talk.known(session, group.chat.id, "6")
        assert not talk.known(session, group.chat.id, "7")

    await database.write(unit)


async def test_people_and_chats_follow_their_present_names(database: Database) -> None:
    def unit(session: Session) -> None:
        ann = people.upsert_user(session, ANN, START)
        renamed = type(ANN)(ANN.external_id, "Anna", "", None, "uk")
        later = START + timedelta(days=1)
        assert people.upsert_user(session, renamed, later) is ann
        # An unknown last name is no news; a username that is gone is.
        assert (ann.first_name, ann.last_name, ann.username) == ("Anna", "Lee", None)
        assert (ann.last_seen_at, ann.created_at) == (later, START)
        chat = people.upsert_chat(session, GROUP, START)
        assert people.upsert_chat(session, ChatRef(GROUP.external_id, "supergroup", "New"), later) is chat
        assert (chat.title, chat.updated_at) == ("New", later)
        people.seen_in(session, chat, ann, START)
        people.seen_in(session, chat, ann, later)

    await database.write(unit)


async def test_the_same_stranger_may_arrive_twelve_times_at_once(database: Database) -> None:
    ids = await asyncio.gather(
        *(database.write(lambda s: people.upsert_user(s, ANN, START).id) for _ in range(12))
    )
    assert len(set(ids)) == 1
