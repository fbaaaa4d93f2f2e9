"""mnema chat beside a running bot, after a terminal that was killed, and with Ctrl-C: on both databases."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.app.beside import database_beside
from bot.app.terminal import open_terminal
from bot.app.wiring import App, build_app
from bot.cli.chat import talk
from bot.cli.looping import loop_in_thread
from bot.core.clock import SystemClock
from bot.core.errors import ConfigError
from bot.core.jobs import NewJob, OwnPool
from bot.core.messages import ChatRef, Incoming, Person
from bot.db.models import Job, Turn, User
from bot.db.repositories import jobs, turns
from bot.db.repositories import talk as talk_rows
from bot.settings import Settings
from tests.support.emulator import running_emulator
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Body, Step, Text, ToolCalls
from tests.support.postgres import PostgresServer
from tests.support.product import product_settings, running_bot, text_of
from tests.support.waiting import until

KIT = Person("kit", platform="api")
DEAD = "cli:000000000000"
SAVED = ToolCalls(
    [("save_user_fact", {"text": "Lives in Oslo", "kind": "home", "quote": "I live in Oslo"})],
    text="Oslo it is.",
)


LONG = Text(" ".join(f"word{n}" for n in range(400)), delay=0.02)


def quiet(_text: str) -> None:
    """Nobody looks at the growing text."""


def answer(body: Body) -> Step:
    """By what is asked last, since two processes ask side by side."""
    asked = text_of({"messages": body["messages"][-1:]})
    return LONG if "Count" in asked else Text("Hello, Ann.") if "Ann" in asked else Text("Something else.")


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with scripted_llm() as server:
        yield server


@pytest.fixture
def settings(database_url: str, tmp_path: Path, llm: ScriptedLLM) -> Settings:
    return product_settings(database_url, tmp_path, llm)


async def test_a_terminal_talks_while_the_bot_runs(settings: Settings, llm: ScriptedLLM) -> None:
    async with running_emulator() as telegram, running_bot(settings, telegram, llm) as product:
        async with open_terminal(settings, "kit") as terminal:
            assert terminal.beside
            llm.script(SAVED)
            await terminal.say("I live in Oslo", quiet)
            llm.default(answer)
            shown: list[str] = []
            async with asyncio.TaskGroup() as group:
                counting = group.create_task(terminal.say("Count", shown.append))
                await until(lambda: len(shown) > 2)
                ann = await telegram.person("Ann")
                question = await ann.say(await telegram.private(ann), "I am Ann")
                assert (await telegram.wait_reply(question)).text == "Hello, Ann."
                await terminal.stop()
            said = counting.result()
            assert said.reply.stopped
            assert said.answer.text.startswith(shown[2])
            assert "- Lives in Oslo" in next(
                told for request in llm.requests if "Count" in (told := text_of(request.body))
            )
        pools = await product.look(
            lambda s: set(s.scalars(select(Job.pool).where(Job.kind == "turn.answer", Job.status == "done")))
        )
        assert {pool.partition(":")[0] for pool in pools} == {"cli", "answer"}


@asynccontextmanager
async def killed_terminal(settings: Settings, question: str) -> AsyncIterator[App]:
    """A terminal that received a question and then died; the database is left as it was at that moment."""
    app = build_app(settings, channel=DEAD, slots={})
    chat = ChatRef("kit", "private", platform="cli")
    async with database_beside(settings, app.database):
        sent = app.clock.now()
        await app.turns.receive(
            Incoming(question, chat, question, sent, KIT, text=question, addressed="private"), DEAD
        )
        yield app
        await app.close(0.0)


def held(until_seconds: float) -> Callable[[Session], None]:
    """The dead terminal's job as claimed, with a lease until then."""
    now = SystemClock().now()

    def unit(session: Session) -> None:
        jobs.claim(session, OwnPool(DEAD), 1, "dead", now, now + timedelta(seconds=until_seconds))

    return unit


async def test_what_a_killed_terminal_left_is_told_and_not_answered(
    settings: Settings, llm: ScriptedLLM
) -> None:
    async with killed_terminal(settings, "What was it?") as app:
        await app.database.write(held(-1.0))
        async with open_terminal(settings, "somebody else") as other:
            assert await other.left_over() == []
        async with open_terminal(settings, "kit") as terminal:
            [left] = await terminal.left_over()
            assert (left.question, left.answered) == ("What was it?", False)
            assert await terminal.left_over() == []
            assert llm.requests == []
            llm.script(Text("Here I am."))
            assert (await terminal.say("Are you there?", quiet)).answer.text == "Here I am."
            assert "What was it?" in text_of(llm.requests[-1].body)


async def test_an_answer_that_nobody_saw_is_shown_to_who_comes_back(settings: Settings) -> None:
    async with killed_terminal(settings, "What was it?") as app:

        def answered(session: Session) -> None:
            turn = session.scalars(select(Turn)).one()
            new = talk_rows.NewMessage("outgoing", "It was nothing.", "Mnema", app.clock.now())
            reply = talk_rows.append(session, turn.conversation_no, new)
            turns.settle(session, turn.id, status="answered", now=app.clock.now(), reply=reply)
            session.execute(update(Job).values(due_at=app.clock.now() - timedelta(minutes=1)))

        await app.database.write(answered)
        async with open_terminal(settings, "kit") as terminal:
            [left] = await terminal.left_over()
            assert (left.answered, left.reply.text) == (True, "It was nothing.")


async def test_a_terminal_that_lives_is_waited_for_until_it_dies(
    settings: Settings, llm: ScriptedLLM
) -> None:
    async with killed_terminal(settings, "Mine first") as app:
        llm.script(Text("Now you."))
        async with open_terminal(settings, "kit") as terminal:
            await app.database.write(held(1.5))
            assert await terminal.left_over() == []
            assert (await terminal.say("And I?", quiet)).answer.text == "Now you."


async def test_a_terminal_alone_leaves_to_the_bot_what_only_the_bot_can_do(
    settings: Settings, llm: ScriptedLLM
) -> None:
    async with database_beside(settings) as database:
        now = SystemClock().now()
        owed = [
            NewJob("telegram.update", "receive", "in:1", {"update_id": 1}),
            NewJob("summary.catch_up", "answer", "catch_up:1"),
        ]
        await database.write(lambda s: jobs.enqueue(s, owed, now))
        llm.script(Text("Yes."))
        async with open_terminal(settings, "kit") as terminal:
            await terminal.say("Alone?", quiet)
        waiting = select(Job.status).where(Job.kind.in_([job.kind for job in owed]))
        assert await database.read(lambda s: list(s.scalars(waiting))) == ["queued", "queued"]


async def test_a_server_without_tables_gets_them(
    blank_database_url: str, tmp_path: Path, llm: ScriptedLLM
) -> None:
    settings = product_settings(blank_database_url, tmp_path, llm)
    llm.script(Text("Hello."))
    async with open_terminal(settings, "42") as terminal:
        assert (await terminal.say("Hi", quiet)).answer.text == "Hello."
    async with database_beside(settings) as database:
        asker = await database.read(lambda s: s.scalars(select(User)).one())
    assert (asker.platform, asker.external_id) == ("tg", "42")


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_one_sentence(
    postgres_server: PostgresServer, tmp_path: Path, llm: ScriptedLLM
) -> None:
    settings = product_settings(postgres_server.url("nowhere"), tmp_path, llm)
    with pytest.raises(ConfigError, match=r"cannot be opened; check DATABASE_URL"):
        async with open_terminal(settings, "kit"):
            pass


def test_ctrl_c_stops_the_answer_and_the_talk_goes_on(
    sqlite_database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Count\nand now?\n"))
    with loop_in_thread() as loop, loop.entered(scripted_llm()) as llm:
        llm.script(LONG, Text("Now I am here."))

        def press() -> None:
            while not llm.requests:
                time.sleep(0.01)
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=press, daemon=True).start()
        talk(product_settings(sqlite_database_url, tmp_path, llm), "kit", "")
    stopped, mark, after = capsys.readouterr().out.splitlines()
    assert stopped.startswith("word0")
    assert "word399" not in stopped
    assert mark == "⏹ Stopped."
    assert after == "Now I am here."
