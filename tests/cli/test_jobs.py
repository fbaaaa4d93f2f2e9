"""mnema jobs and mnema doctor as commands, beside a bot that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.jobs import age
from bot.cli.main import app
from bot.core.clock import SystemClock
from bot.core.errors import ConfigError, NotFound
from bot.core.jobs import ClaimedJob, NewJob
from bot.db.engine import Database
from bot.db.repositories import jobs
from bot.jobs.registry import JobRegistry
from bot.jobs.worker import Worker
from bot.services.jobs_desk import JobsDesk
from tests.support.clock import ManualClock
from tests.support.opened import opened
from tests.support.waiting import until

SECRET = "sk-nobody-may-read-this"
Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in a folder of its own; logging stays pytest's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("LLM_API_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        return runner.invoke(app, list(arguments))

    return run


async def bury(database: Database, kind: str, lane: str, error: str) -> int:
    """A dead letter; gives its id."""
    now = SystemClock().now()
    job = NewJob(kind, "background", lane, {"text": "private words"})
    await database.write(lambda s: jobs.enqueue(s, [job], now))
    claimed = await database.write(lambda s: jobs.claim(s, "background", 1, "me", now, now))
    await database.write(lambda s: jobs.bury(s, claimed[0].id, error, now))
    return claimed[0].id


async def test_the_desk_lists_and_revives(database: Database, clock: ManualClock) -> None:
    desk = JobsDesk(database, clock)
    first = await bury(database, "memory.extract", "memory:1", "Boom()")
    second = await bury(database, "memory.extract", "memory:2", "x" * 5000)
    now = SystemClock().now()
    await database.write(lambda s: jobs.enqueue(s, [NewJob("turn.answer", "answer", "turn:1")], now))
    clock.advance(max(0.0, (now - clock.now()).total_seconds()) + 90)
    everything = await desk.list()
    assert [line.kind for line in everything] == ["memory.extract", "memory.extract", "turn.answer"]
    assert everything[2].age == pytest.approx(90, abs=1)
    dead = await desk.list(dead=True)
    assert [(line.id, line.status, line.attempts) for line in dead] == [
        (first, "dead", 1),
        (second, "dead", 1),
    ]
    assert (dead[0].error, len(dead[1].error or "")) == ("Boom()", 200)
    assert "private words" not in repr(everything)
    await desk.retry(first)
    with pytest.raises(NotFound, match=f"no dead letter {first}"):
        await desk.retry(first)
    assert [line.id for line in await desk.list(dead=True)] == [second]
    assert await desk.retry_dead() == 1
    assert await desk.retry_dead() == 0
    more = [NewJob("memory.extract", "background", f"memory:{n}") for n in range(600)]
    await database.write(lambda s: jobs.enqueue(s, more, now))
    seen: list[str] = []
    after = everything[-1].id
    while page := await desk.list(limit=250, after=after):
        seen, after = [*seen, *(line.lane for line in page)], page[-1].id
    assert seen == [f"memory:{n}" for n in range(600)]


async def test_the_commands_work_beside_a_running_worker(command: Command, sqlite_database_url: str) -> None:
    done: list[int] = []

    async def extract(job: ClaimedJob) -> None:
        done.append(job.id)

    registry = JobRegistry()
    registry.register("memory.extract", extract)
    async with opened(sqlite_database_url) as database:
        ids = [
            await bury(database, "memory.extract", f"memory:{n}", f"Refused('{SECRET}')") for n in range(3)
        ]
        worker = Worker("background", 2, database, registry, SystemClock())
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run())
            listed = await asyncio.to_thread(command, "jobs", "list", "--dead")
            assert listed.exit_code == 0
            for word in ("memory.extract", "memory:1", "dead", "Refused('[secret]')"):
                assert word in listed.output
            assert SECRET not in listed.output
            assert "private words" not in listed.output
            one = await asyncio.to_thread(command, "jobs", "retry", str(ids[1]))
            assert one.output == f"Job {ids[1]} is queued again.\n"
            await until(lambda: done == [ids[1]], 5)
            rest = await asyncio.to_thread(command, "jobs", "retry", "--all-dead")
            assert rest.output == "Queued again: 2.\n"
            await until(lambda: sorted(done) == ids, 5)
            await worker.stop(1.0)
    empty = await asyncio.to_thread(command, "jobs", "list", "--json")
    assert json.loads(empty.output) == {"items": [], "count": 0, "next": None}


async def test_json_for_programs(command: Command, sqlite_database_url: str) -> None:
    async with opened(sqlite_database_url) as database:
        number = await bury(database, "turn.answer", "turn:5", SECRET)
        later = await bury(database, "turn.answer", "turn:6", "Boom()")
    result = await asyncio.to_thread(command, "jobs", "list", "--limit", "1", "--json")
    page = json.loads(result.output)
    assert page["next"] == number
    told = (await asyncio.to_thread(command, "jobs", "list", "--limit", "1")).output
    assert f"--after {number}" in told
    rest = await asyncio.to_thread(command, "jobs", "list", "--after", str(number), "--json")
    assert [(one["id"], one["lane"]) for one in json.loads(rest.output)["items"]] == [(later, "turn:6")]
    assert json.loads(rest.output)["next"] is None
    none = await asyncio.to_thread(command, "jobs", "list", "--after", str(later))
    assert none.output == "There are no more.\n"
    (item,) = page["items"]
    assert item.keys() == {"id", "kind", "lane", "status", "attempts", "age", "due_at", "error"}
    assert (item["id"], item["lane"], item["error"]) == (number, "turn:5", "[secret]")
    assert item["due_at"].endswith("Z")


def test_mistakes_are_told(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert command("jobs", "retry").exit_code == 2
    assert command("jobs", "retry", "1", "--all-dead").exit_code == 2
    assert isinstance(command("jobs", "retry", "12").exception, NotFound)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    missing = command("jobs", "list").exception
    assert isinstance(missing, ConfigError)
    assert str(missing).startswith("There is no database at")
    assert not (tmp_path / "none.db").exists()


def test_ages() -> None:
    assert [age(s) for s in (0.4, 59, 60, 7199, 7200, 86400 * 3)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h",
        "2 h",
        "3 d",
    ]


def test_doctor_for_people_and_programs(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_BASE_URL", f"http://ann:{SECRET}@127.0.0.1:9/v1")
    shown = command("doctor")
    assert shown.exit_code == 1
    assert "FAILED" in shown.output
    assert "→ check LLM_BASE_URL" in shown.output
    told = command("doctor", "--json")
    assert told.exit_code == 1
    report = json.loads(told.output)
    assert report["ok"] is False
    assert {check["name"]: check["state"] for check in report["checks"]}["Database"] == "ok"
    assert SECRET not in shown.output + told.output
    monkeypatch.delenv("LLM_BASE_URL")
    monkeypatch.delenv("LLM_API_KEY")
    assert command("doctor").exit_code == 0
