"""kill -9 at the worst moments: nothing lost, nothing answered twice, no finished step paid again."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.playground.people import ChatHandle, MessageHandle
from tests.kill.bots import Bots, Zygote, bots_between, on_call
from tests.support.emulator import running_emulator
from tests.support.llm_server import scripted_llm
from tests.support.llm_steps import Body, Step, Text, ToolCalls

ANSWER = "Lviv is a lovely city and I will keep that in mind for you from now on."
TOLD = "I live in Lviv"
SAVE = ToolCalls([("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": TOLD})])


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """The preloaded parent."""
    parent = Zygote()
    yield parent
    parent.close()


@pytest.fixture
async def bots(zygote: Zygote, sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Bots]:
    """A bot that has not started."""
    async with (
        scripted_llm() as llm,
        running_emulator() as telegram,
        bots_between(zygote, telegram, llm, sqlite_database_url, tmp_path) as ready,
    ):
        llm.default(_converse)
        yield ready


def _converse(body: Body) -> Step:
    """Save first, then answer: the honest script of every life."""
    if body["messages"][-1]["role"] == "tool":
        return Text(ANSWER, delay=0.1)
    return SAVE


Moment = Callable[[Bots], None]


def at_call(method: str, times: int = 1) -> Moment:
    """Die when the emulator has carried out a call and its answer is on the way."""
    return lambda bots: on_call(bots.telegram, method, bots.kill, times=times)


def at_request(number: int, later: float = 0.0) -> Moment:
    """Die when the model's server has got its n-th request, or a little later."""

    def plan(bots: Bots) -> None:
        seen = 0

        def answer(body: Body) -> Step:
            nonlocal seen
            seen += 1
            if seen == number:
                asyncio.get_running_loop().call_later(later, bots.kill)
            return _converse(body)

        bots.llm.default(answer)

    return plan


def at_slow_answer(moment: Moment) -> Moment:
    """The same moment in an answer that takes its time."""

    def plan(bots: Bots) -> None:
        def answer(body: Body) -> Step:
            step = _converse(body)
            return replace(step, delay=0.25) if isinstance(step, Text) else step

        bots.llm.default(answer)
        moment(bots)

    return plan


UNSTORED = "first words sent, id not stored"
"""The one moment that may leave an orphan: nothing on our side knows yet that Telegram has the message."""

MOMENTS: dict[str, Moment] = {
    "updates fetched, not committed": at_call("getUpdates"),
    "typing shown": at_call("sendChatAction"),
    "first model call asked": at_request(1),
    "first model call answered": at_request(1, 0.02),
    "tool done, second call asked": at_request(2),
    "second call streaming": at_request(2, 0.15),
    UNSTORED: at_call("sendMessage"),
    "first words sent and stored": at_request(2, 1.0),
    "an edit made": at_call("editMessageText"),
    "the last edit made": at_slow_answer(at_call("editMessageText", 2)),
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_after_the_kill_everything_is_answered_once(bots: Bots, moment: str) -> None:
    ann = await bots.telegram.person("Ann")
    chat = await bots.telegram.private(ann)
    MOMENTS[moment](bots)
    bots.start()
    message = await ann.say(chat, TOLD)
    try:
        await bots.gone(8)
    except TimeoutError:
        bots.kill()  # the moment never came: a planned death is a claim, so say so
        pytest.fail(f"the bot lived on: {bots.log()[-2000:]}")
    bots.start()
    await _answered(bots, message)
    _once(bots, chat, orphans=int(moment == UNSTORED))
    assert _facts(bots) == ["Lives in Lviv"]


async def test_five_chats_wait_while_a_streamed_answer_is_cut(bots: Bots) -> None:
    people = [await bots.telegram.person(f"Person{n}") for n in range(6)]
    chats = [await bots.telegram.private(person) for person in people]
    at_request(2, 0.2)(bots)
    bots.start()
    said = [await person.say(chat, TOLD) for person, chat in zip(people, chats, strict=True)]
    await bots.gone(8)
    bots.start()
    for message, chat in zip(said, chats, strict=True):
        await _answered(bots, message)
        _once(bots, chat)
    assert _facts(bots) == ["Lives in Lviv"] * 6


async def test_term_under_load_loses_nothing(bots: Bots) -> None:
    people = [await bots.telegram.person(f"Person{n}") for n in range(5)]
    chats = [await bots.telegram.private(person) for person in people]
    bots.start()
    said = [await person.say(chat, TOLD) for person, chat in zip(people, chats, strict=True)]
    await asyncio.sleep(0.5)
    bots.kill(signal.SIGTERM)
    await bots.gone(15)
    bots.start()
    for message, chat in zip(said, chats, strict=True):
        await _answered(bots, message)
        _once(bots, chat)


async def _answered(bots: Bots, message: MessageHandle) -> None:
    try:
        await bots.telegram.wait_reply(message, contains=ANSWER, settled=0.4, timeout=15)
    except (TimeoutError, AssertionError) as error:
        pytest.fail(f"{error!r}: {bots.log()[-3000:]}")


def _once(bots: Bots, chat: ChatHandle, orphans: int = 0) -> None:
    """One full answer; beside it no more orphans of first words than said; the ledger pays each step once."""
    texts = [message.text for message in bots.telegram.bot_messages(chat)]
    assert sum(ANSWER in text for text in texts) == 1, texts
    assert len(texts) <= 1 + orphans, texts
    with closing(sqlite3.connect(bots.folder / "mnema.db")) as connection:
        steps = connection.execute("SELECT count(*) FROM turn_steps WHERE key LIKE 'llm:%'").fetchone()[0]
        paid = connection.execute("SELECT count(*) FROM usage").fetchone()[0]
        open_jobs = connection.execute("SELECT count(*) FROM jobs WHERE status = 'dead'").fetchone()[0]
    assert steps == paid
    assert open_jobs == 0


def _facts(bots: Bots) -> list[str]:
    with closing(sqlite3.connect(bots.folder / "mnema.db")) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM memories")]
