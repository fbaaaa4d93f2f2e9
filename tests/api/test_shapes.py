"""Shapes that all routes share: times, ids, pages, cursors, events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import BaseModel, TypeAdapter
from starlette.responses import StreamingResponse

from bot.api.paging import cursor_to, moment_of, page_of, place_in, stamp_of
from bot.api.schemas import MessageId, UserId, UtcTime, message_number
from bot.api.streaming import Event, EventStream
from bot.core.clock import SystemClock
from bot.core.errors import Invalid, LLMError, NotFound
from bot.core.jobs import NewJob
from bot.db.repositories import jobs
from tests.api.house import House, events_of


class Sample(BaseModel):
    at: UtcTime
    id: MessageId
    user: UserId


def test_times_and_ids() -> None:
    made = Sample.model_validate({"at": "2026-03-14T09:26:53", "id": 2**62, "user": 42})
    assert json.loads(made.model_dump_json()) == {
        "at": "2026-03-14T09:26:53Z", "id": str(2**62), "user": "42",
    }  # fmt: skip
    east = datetime(2026, 3, 14, 11, 26, 53, tzinfo=timezone(timedelta(hours=2)))
    assert (
        TypeAdapter(UtcTime).validate_python(east) == made.at == datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
    )
    assert message_number("4294967297") == 4294967297
    for odd in ("", "-1", "1.0", "٣", "9" * 19, "9" * 40):
        with pytest.raises(NotFound):
            message_number(odd)


def test_pages_and_cursors() -> None:
    rows = list(range(1, 6))
    first = page_of(rows[:3], 2, str, lambda row: [row])
    assert (first.items, first.count) == (["1", "2"], 2)
    assert place_in(first.next, int) == (2,)
    assert page_of(rows[3:], 2, str, lambda row: [row]).next is None
    assert page_of([], 2, str, lambda row: [row]).items == []
    assert place_in(None, int) is None
    for odd in (
        "",
        "x",
        "é",
        cursor_to("a"),
        cursor_to(1, 2),
        "W" * 500,
        cursor_to(1) + "!",
        cursor_to(2**63),
    ):
        with pytest.raises(Invalid):
            place_in(odd, int)
    for moment in (datetime(2026, 3, 14, 9, 26, 53, 7, tzinfo=UTC), datetime(1969, 1, 1, tzinfo=UTC)):
        assert moment_of(stamp_of(moment)) == moment
    for stamp in (2**63 - 1, -(2**63) + 1):
        with pytest.raises(Invalid):
            moment_of(stamp)


async def test_jobs_page_by_page_without_secrets(house: House) -> None:
    now, admin = SystemClock().now(), await house.key(scopes="admin")
    new = [NewJob("memory.extract", "background", f"lane:{n}", {"text": "private"}) for n in range(5)]
    # Far in the future, so that no worker takes them.
    later = [NewJob(j.kind, j.pool, j.lane, j.payload, due_at=now + timedelta(days=9)) for j in new]
    await house.app.database.write(lambda s: jobs.enqueue(s, later, now))
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        status, page, _ = await house.ask("GET", "/api/v1/jobs", admin, params=params)
        assert (status, page["count"]) == (200, len(page["items"]))
        seen += [job["lane"] for job in page["items"]]
        if (cursor := page["next"]) is None:
            break
    # Beside them may stand what the product has to do itself.
    assert [lane for lane in seen if lane.startswith("lane:")] == [f"lane:{n}" for n in range(5)]
    assert len(seen) == len(set(seen))
    assert "private" not in str(page)
    assert page["items"][0]["due_at"].endswith("Z")
    assert (await house.ask("POST", f"/api/v1/jobs/{page['items'][0]['id']}/retry", admin))[0] == 404
    for params, field in (
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"cursor": "?"}, "cursor"),
    ):
        status, problem, _ = await house.ask("GET", "/api/v1/jobs", admin, params=params)
        assert (status, problem["field"]) == (422, field)


async def _read(response: StreamingResponse) -> str:
    return b"".join([bytes(part) async for part in response.body_iterator]).decode()  # type: ignore[arg-type]


async def test_events_on_the_wire(caplog: pytest.LogCaptureFixture) -> None:
    closed = asyncio.Event()

    async def source(error: Exception | None) -> AsyncGenerator[Event | None, None]:
        try:
            yield Event("delta", {"text": "two\nlines, привіт"})
            yield None
            if error is not None:
                raise error
            yield Event("done", {})
        finally:
            closed.set()

    good = EventStream(source(None))
    text = await _read(good)
    assert ": keep-alive\n\n" in text
    assert events_of(text) == [("delta", {"text": "two\nlines, привіт"}), ("done", {})]
    assert good.headers["content-type"].startswith("text/event-stream")
    assert closed.is_set()
    refused = EventStream(source(LLMError("rate_limited", "a secret", retry_after=3)))
    (_, (name, problem)) = events_of(await _read(refused))
    assert (name, problem["status"], refused.error is not None) == ("error", 503, True)
    broken = EventStream(source(ZeroDivisionError("a secret")))
    text = await _read(broken)
    assert events_of(text)[-1][1]["status"] == 500
    assert "secret" not in text
    assert "an event stream broke" in caplog.text
