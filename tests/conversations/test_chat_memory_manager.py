"""Sessions for plain scripts, beside an open database; the lines of the guide that people know."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import NotFound
from bot.db.blocking import BlockingDatabase
from bot.db.engine import Database
from bot.services.chat_memory_manager import ChatMemoryManager, MessageType, chat_memory_manager
from bot.services.reach import Caller
from bot.services.session_values import NewMessage
from bot.services.sessions import Sessions

ADMIN = Caller("local", "admin", "default", frozenset({"admin"}))


def guide(manager: ChatMemoryManager, folder: Path) -> str:
    """What the guide shows, line by line."""
    session = manager.create_session(
        user_id="user123", title="My Chat Session", metadata={"category": "work", "priority": "high"}
    )
    session_id = session.id
    user_message = manager.add_message(
        session_id=session_id,
        message_type=MessageType.USER,
        content="สวัสดีครับ",
        metadata={"emotion": "friendly"},
    )
    ai_message = manager.add_message(
        session_id=session_id,
        message_type=MessageType.AI,
        content="สวัสดีครับ! มีอะไรให้ช่วยเหลือไหมครับ?",
        response_to=user_message.id,
        metadata={"model": "gpt-4", "response_time": 0.5},
    )
    assert ai_message.response_to == user_message.id
    assert manager.get_session(session_id).title == "My Chat Session"
    assert next(iter(manager.get_messages(session_id, limit=10))).content == "สวัสดีครับ"
    assert len(manager.get_conversation_context(session_id, message_limit=5).messages) == 2
    assert {m.id for m in manager.search_messages(session_id, "สวัสดี")} == {user_message.id, ai_message.id}
    stats = manager.get_statistics()
    assert (stats["total_sessions"], stats["total_messages"]) == (1, 2)
    assert "cache_size" in stats
    export_data = manager.export_session(session_id)
    with (folder / "session_export.json").open("w") as f:
        json.dump(export_data, f, indent=2)
    new_session_id = manager.import_session(export_data)
    assert new_session_id != session_id
    assert manager.import_session(export_data) == new_session_id
    with pytest.raises(NotFound):
        manager.get_session("invalid_id")
    assert manager.cleanup_old_sessions(days=30) == 0
    manager._cache_ttl = 7200
    return session_id


async def test_the_guide_beside_an_open_database(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    blocking = BlockingDatabase(database_url)
    manager = ChatMemoryManager(database=blocking)
    try:
        id_ = await asyncio.to_thread(guide, manager, tmp_path)
        kept = Sessions(database, SystemClock())
        assert (await kept.get(ADMIN, id_)).metadata == {"category": "work", "priority": "high"}
        await kept.add_message(ADMIN, id_, NewMessage("user", "From the other side"))
        lines = await asyncio.to_thread(manager.get_messages, id_)
        assert lines[-1].content == "From the other side"
        await asyncio.to_thread(manager.update_session_title, id_, "Renamed")
        await asyncio.to_thread(manager.deactivate_session, id_)
        assert [(s.title, s.is_active) for s in await kept.of_user(ADMIN, "user123") if s.id == id_] == [
            ("Renamed", False)
        ]
        await asyncio.to_thread(manager.delete_session, id_)
        with pytest.raises(NotFound):
            await kept.get(ADMIN, id_)
        assert len(await asyncio.to_thread(manager.get_user_sessions, "user123")) == 1
    finally:
        await asyncio.to_thread(blocking.close)


def test_a_path_of_its_own_and_many_threads(sqlite_database_url: str) -> None:
    path = sqlite_database_url.removeprefix("sqlite:///")
    manager = ChatMemoryManager(db_path=path)
    id_ = manager.create_session("user123").id

    def say(number: int) -> None:
        manager.add_message(id_, "user", f"message {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(40)))
    assert manager.get_session(id_).message_count == 40
    assert len({m.content for m in manager.get_messages(id_, limit=100)}) == 40


def test_a_plain_script(sqlite_database_url: str, tmp_path: Path) -> None:
    script = (
        "from bot.services.chat_memory_manager import chat_memory_manager as m, MessageType\n"
        "s = m.create_session(user_id='user123', title='Script')\n"
        "m.add_message(s.id, MessageType.USER, 'Hello')\n"
        "print(m.get_messages(s.id)[0].content)\n"
    )
    environment = {"DATABASE_URL": sqlite_database_url, "PYTHONPATH": str(Path(__file__).parents[2])}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("Hello\n", "", 0)
    assert time.monotonic() - began < 30


def test_importing_it_opens_nothing() -> None:
    assert chat_memory_manager._given is None
