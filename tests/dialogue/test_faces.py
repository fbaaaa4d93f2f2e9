"""Dialogue states and bookings over HTTP and on the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from bot.cli.main import app as cli
from bot.core.messages import Person
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.repositories import people
from bot.services.bookings import book_in
from tests.api.house import House, running_house
from tests.support.llm_steps import Text

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
BOOKING = {"step": "select_service", "service": None, "master": None, "date": None, "time": None}
PATH = "/api/chat/client_123/context"


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The API; keys are asked for."""
    async with running_house(sqlite_database_url, tmp_path, default_timezone="Europe/Kyiv") as running:
        yield running


async def test_the_printed_requests(house: House) -> None:
    token = await house.key()

    async def ask(method: str, path: str = PATH, body: Any = None) -> tuple[int, Any]:
        status, found, _ = await house.ask(method, path, token, json=body)
        return status, found

    assert await ask("GET") == (200, {"client_id": "client_123", "contexts": {}, "count": 0})
    assert (await ask("PUT", f"{PATH}/booking_in_progress", {"update_data": {}}))[0] == 404
    new = {"context_type": "booking_in_progress", "context_data": BOOKING, "expires_in_minutes": 30}
    status, made = await ask("POST", body=new)
    assert (status, made["client_id"], made["context_type"], made["data"]) == (
        201, "client_123", "booking_in_progress", BOOKING,
    )  # fmt: skip
    minutes = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert minutes.total_seconds() == 1800
    assert made["expires_at"].endswith("Z")
    change = {"update_data": {"step": "select_master", "service": "Маникюр"}, "extend_expiry": True}
    status, changed = await ask("PUT", f"{PATH}/booking_in_progress", change | {"expires_in_minutes": 30})
    assert (status, changed["data"]["service"], changed["created_at"]) == (200, "Маникюр", made["created_at"])
    assert changed["expires_at"] > made["expires_at"]
    await ask("POST", body={"context_type": "hobby", "context_data": {"a": 1}})
    status, all_ = await ask("GET")
    assert (all_["count"], sorted(all_["contexts"])) == (2, ["booking_in_progress", "hobby"])
    assert set(all_["contexts"]["hobby"]) == {"data", "created_at", "expires_at"}
    status, one = await ask("GET", f"{PATH}?context_type=booking_in_progress")
    assert list(one["contexts"]) == ["booking_in_progress"]
    deleted = await ask("DELETE", f"{PATH}?context_type=booking_in_progress")
    assert deleted == (200, {"client_id": "client_123", "deleted": 1})
    assert (await ask("DELETE"))[1]["deleted"] == 1
    assert (await ask("DELETE"))[1]["deleted"] == 0


async def test_what_does_not_fit_is_named_and_what_is_foreign_not_found(house: House) -> None:
    token, other = await house.key(), await house.key(application="other")
    for body, field in (
        ({"context_type": "booking_in_progress", "context_data": {"step": "next_step"}}, "step"),
        ({"context_type": "x", "context_data": {}, "expires_in_minutes": 0}, "expires_in_minutes"),
        ({"context_type": "x", "context_data": {}, "expires_in_minutes": 43_201}, "expires_in_minutes"),
        ({"context_type": "x", "context_data": []}, "context_data"),
        (
            {
                "context_type": "waiting_for_info",
                "context_data": {"info_type": "a", "prompt": "b", "validation": "(a"},
            },
            "validation",
        ),
    ):
        status, found, _ = await house.ask("POST", PATH, token, json=body)
        assert (status, found["field"]) == (422, field)
    await house.ask("POST", PATH, token, json={"context_type": "x", "context_data": {"a": 1}})
    assert (await house.ask("GET", PATH, other))[1]["count"] == 0  # its own client of that name
    assert (await house.ask("GET", "/api/chat/101/context", token))[0] == 404
    reader = await house.key(scopes="read")
    assert (await house.ask("POST", PATH, reader, json={"context_type": "x", "context_data": {}}))[0] == 403
    assert (await house.ask("GET", PATH))[0] == 401


async def test_a_state_stands_in_the_prompt_of_its_client(house: House) -> None:
    token = await house.key()
    await house.ask(
        "POST", PATH, token, json={"context_type": "booking_in_progress", "context_data": BOOKING}
    )  # fmt: skip
    for user, there in (("client_123", True), ("client_124", False)):
        house.llm.script(Text("Hello."))
        asked = {"prompt": "Hi", "user_id": user}
        assert (await house.ask("POST", "/chat", token, json=asked))[0] == 200
        assert ("unfinished booking" in house.shown()) is there


async def book(database: Database, person: Person, application: str | None, **details: str) -> int:
    """A stored booking; gives its id."""

    def unit(session: Session) -> int:
        user = people.upsert_user(session, person, NOW)
        user.application = application
        session.flush()
        row = book_in(session, Scope(user.id, None, private=True), None, details, NOW, KYIV)
        assert row is not None
        return row.id

    return await database.write(unit)


async def test_bookings_are_listed_by_reach(house: House) -> None:
    kept, client = house.app.database, Person("client_123", platform="api")
    first = await book(kept, Person("101"), None, service="Маникюр", date="завтра", time="в 15:00")
    second = await book(kept, client, "default", service="Cut", phone="1")
    own, admin = await house.key(), await house.key(scopes="admin")
    bound, other = await house.key(user="101"), await house.key(application="other")
    assert (await house.ask("GET", "/api/v1/bookings", other))[1]["items"] == []
    status, page, _ = await house.ask("GET", "/api/v1/bookings", own)
    assert (status, [row["id"] for row in page["items"]], page["next"]) == (200, [second], None)
    status, page, _ = await house.ask("GET", "/api/v1/bookings?limit=1", admin)
    assert [row["id"] for row in page["items"]] == [second]
    status, page, _ = await house.ask("GET", f"/api/v1/bookings?limit=1&cursor={page['next']}", admin)
    (row,) = page["items"]
    assert row == row | {
        "id": first, "client_id": "101", "date": "2026-03-15", "time": "15:00", "status": "booked",
        "starts_at": "2026-03-15T13:00:00Z", "created_at": "2026-03-14T09:26:53Z", "cancelled_at": None,
    }  # fmt: skip
    assert (await house.ask("GET", "/api/v1/bookings?user_id=101", own))[0] == 404
    assert (await house.ask("GET", "/api/v1/bookings?status=lost", admin))[0] == 422
    status, page, _ = await house.ask("GET", "/api/v1/bookings", bound)
    assert [row["id"] for row in page["items"]] == [first]


async def test_the_command_line(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database.url)
    monkeypatch.setenv("DEFAULT_TIMEZONE", "Europe/Kyiv")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    when = {"date": "2026-03-15", "time": "15:00"}
    await book(sqlite_database, Person("101"), None, service="=cmd()", phone="+380 50", **when)
    await book(sqlite_database, Person("102"), None, service="Стрижка", date="2026-03-16", master="Ann, Lee")
    await book(sqlite_database, Person("102"), None, service="Someday")
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        return runner.invoke(cli, ["booking", *arguments], catch_exceptions=False)

    listed = await asyncio.to_thread(run, "list", "--json", "--user", "102")
    assert [row["service"] for row in json.loads(listed.stdout)["items"]] == ["Someday", "Стрижка"]
    assert "Стрижка" in (await asyncio.to_thread(run, "list")).stdout
    table = list(
        csv.DictReader(io.StringIO((await asyncio.to_thread(run, "export", "--format", "csv")).stdout))
    )
    assert [(row["service"], row["phone"]) for row in table][2] == ("'=cmd()", "+380 50")
    assert (await asyncio.to_thread(run, "cancel", "2")).stdout == "Booking 2 is cancelled.\n"
    await asyncio.to_thread(run, "export", "--format", "ics", "--output", "b.ics")
    raw = (tmp_path / "b.ics").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")
    whole, timed = Calendar.from_ical(raw).walk("VEVENT")
    assert (whole["UID"], whole["STATUS"], whole["DTSTART"].to_ical()) == (
        "booking-2@mnema", "CANCELLED", b"20260316",
    )  # fmt: skip
    assert str(whole["SUMMARY"]) == "Стрижка: Ann, Lee"
    assert (timed["STATUS"], timed["DTSTART"].to_ical()) == ("CONFIRMED", b"20260315T130000Z")
    with pytest.raises(Exception, match="no booking 99"):
        await asyncio.to_thread(run, "cancel", "99")
