"""A POST that is sent again is done once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.clock import SystemClock
from bot.db.engine import Database
from bot.db.models import Conversation, IdempotentAnswer, Turn
from bot.services.idempotency import LEASE, Busy, Claimed, Idempotency, Reused, Stored, forget_old
from tests.api.house import House, events_of, running_house
from tests.support.clock import ManualClock
from tests.support.llm_steps import HttpError, Text
from tests.support.waiting import until

ANSWER = Stored(201, {"content-type": "application/json"}, b'{"id": 1}')


async def test_the_life_of_a_key(database: Database, clock: ManualClock) -> None:
    answers = Idempotency(database, clock)
    first = await answers.begin("key:1", "k", "body")
    assert isinstance(first, Claimed)
    assert await answers.begin("key:1", "k", "body") == Busy()
    assert await answers.begin("key:1", "k", "other body") == Reused()
    assert isinstance(await answers.begin("key:2", "k", "other body"), Claimed)
    clock.advance(LEASE.total_seconds())
    assert await answers.begin("key:1", "k", "body") == first
    await answers.finish("key:1", "k", ANSWER)
    assert await answers.begin("key:1", "k", "body") == ANSWER
    assert await answers.begin("key:1", "k", "other body") == Reused()
    await answers.abandon("key:1", "k")
    assert await answers.begin("key:1", "k", "body") == ANSWER
    clock.advance(86400)
    later = await answers.begin("key:1", "k", "other body")
    assert isinstance(later, Claimed)
    assert later != first
    await answers.release("key:1", "k")
    assert isinstance(await answers.begin("key:1", "k", "third"), Claimed)
    await answers.abandon_all()
    assert isinstance(await answers.begin("key:1", "k", "third"), Claimed)
    clock.advance(86400)
    now = clock.now()
    assert await database.write(lambda s: forget_old(s, now)) == 2


async def test_of_many_at_once_one_is_done(database: Database, clock: ManualClock) -> None:
    answers = Idempotency(database, clock)
    met = await asyncio.gather(*(answers.begin("key:1", "k", "body") for _ in range(12)))
    assert Counter(type(one) for one in met) == {Claimed: 1, Busy: 11}


async def test_over_http(house: House) -> None:
    body = {"prompt": "hello", "user_id": "u-1"}
    token = await house.key()
    house.llm.script(Text("Hi.", delay=0.05))

    async def post(**more: object) -> tuple[int, object, Mapping[str, str]]:
        return await house.ask("POST", "/chat/", token, json=body | more, headers={"Idempotency-Key": "k-1"})

    first, *others = await asyncio.gather(*(post() for _ in range(5)))
    statuses = Counter(status for status, _, _ in (first, *others))
    assert statuses[200] >= 1
    assert set(statuses) <= {200, 409}
    status, again, headers = await post()
    assert (status, headers["Idempotent-Replayed"]) == (200, "true")
    assert {str(shown) for status, shown, _ in (first, *others) if status == 200} == {str(again)}
    assert (await post(prompt="something else"))[0] == 422
    other = await house.key("shop")
    house.llm.script(Text("Hello, shop."))
    _, answer, _ = await house.ask("POST", "/chat/", other, json=body, headers={"Idempotency-Key": "k-1"})
    assert answer["response"] == "Hello, shop."
    assert await house.look(lambda s: s.scalar(select(func.count()).select_from(Turn))) == 2
    house.llm.assert_complete()


async def test_a_failure_frees_the_key_and_is_not_kept(house: House) -> None:
    token, sent = await house.key(), {"json": {"prompt": "hello"}, "headers": {"Idempotency-Key": "k"}}
    house.llm.script(HttpError(401, {"error": {"message": "bad key"}}), Text("Now it works."))
    status, problem, _ = await house.ask("POST", "/chat/", token, **sent)
    assert (status, problem["type"]) == (502, "urn:mnema:llm.auth")
    status, answer, headers = await house.ask("POST", "/chat/", token, **sent)
    assert (status, answer["response"]) == (200, "Now it works.")
    assert "Idempotent-Replayed" not in headers
    for bad in ("", "x" * 256):
        status, problem, _ = await house.ask(
            "POST", "/chat/", token, json={"prompt": "x"}, headers={"Idempotency-Key": bad}
        )
        assert (status, problem["field"]) == (422, "Idempotency-Key")


def _takeable(session: Session) -> bool:
    row = session.scalars(select(IdempotentAnswer)).one()
    return row.status is None and row.created_at < SystemClock().now() - LEASE


async def test_a_stream_that_broke_off_is_found_again(house: House) -> None:
    token = await house.key()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    body = {"prompt": "a long story", "stream": True}
    house.llm.script(Text("Once upon a time there was an end.", delay=0.05))
    async with house.http.post("/chat/", json=body, headers=headers) as response:
        async for line in response.content:
            if line.startswith(b"data"):
                break
        response.close()
    await until(lambda: len(house.listening) == 0)
    await until(lambda: house.look(_takeable))
    _, text, headers_seen = await house.ask("POST", "/chat/", None, json=body, headers=headers)
    events = events_of(text)
    assert events[-1][0] == "done"
    assert events[-1][1]["response"] == "Once upon a time there was an end."
    assert "Idempotent-Replayed" not in headers_seen
    _, replayed, headers_seen = await house.ask("POST", "/chat/", None, json=body, headers=headers)
    assert (replayed, headers_seen["Idempotent-Replayed"]) == (text, "true")
    assert await house.look(lambda s: s.scalar(select(func.count()).select_from(Conversation))) == 1
    assert len(house.llm.requests) == 1


async def test_after_a_restart_the_same_question_finds_its_answer(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    body, sent = {"prompt": "hello", "user_id": "u-1"}, {"Idempotency-Key": "k"}
    async with running_house(sqlite_database_url, tmp_path) as house:
        token = await house.key()
        house.llm.script(Text("Never heard.", chunks=2, delay=9))
        asking = asyncio.ensure_future(  # noqa: TID251
            house.ask("POST", "/chat/", token, json=body, headers=sent)
        )
        await until(lambda: len(house.llm.requests) == 1)
    await asyncio.gather(asking, return_exceptions=True)
    async with running_house(sqlite_database_url, tmp_path, Text("Heard.")) as house:
        status, answer, _ = await house.ask("POST", "/chat/", token, json=body, headers=sent)
        assert (status, answer["response"]) == (200, "Heard.")
        assert await house.look(lambda s: s.scalar(select(func.count()).select_from(Turn))) == 1
        house.llm.assert_complete()
