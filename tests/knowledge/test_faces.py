"""Documents over HTTP and from the command line."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from tests.api.house import running_house
from tests.knowledge.making import HOUSE_RULES, pdf

PLACE = "/api/v1/users/visitor/knowledge"


def upload(data: bytes, name: str, mime: str = "application/pdf") -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename=name, content_type=mime)
    return form


async def test_over_http(sqlite_database_url: str, tmp_path: Path) -> None:
    async with running_house(sqlite_database_url, tmp_path) as house:
        ours, theirs = await house.key("ours"), await house.key("theirs")
        status, made, _ = await house.ask("POST", PLACE, ours, data=upload(pdf(HOUSE_RULES), "Rules.pdf"))
        assert (status, made["title"], made["passages"], made["created"]) == (201, "Rules", 3, True)
        status, again, _ = await house.ask("POST", PLACE, ours, data=upload(pdf(HOUSE_RULES), "Copy.pdf"))
        assert (status, again["id"], again["created"]) == (200, made["id"], False)
        entry = {"title": "Notes", "text": "The cellar key hangs by the door."}
        status, text, _ = await house.ask("POST", PLACE, ours, json=entry)
        assert (status, text["title"], text["mime"]) == (201, "Notes", "text/plain")

        _, first, _ = await house.ask("GET", f"{PLACE}?limit=1", ours)
        assert ([item["title"] for item in first["items"]], first["count"]) == (["Notes"], 1)
        _, second, _ = await house.ask("GET", f"{PLACE}?limit=1&cursor={first['next']}", ours)
        assert ([item["title"] for item in second["items"]], second["next"]) == (["Rules"], None)
        _, whole, _ = await house.ask("GET", f"{PLACE}/{made['id']}", ours)
        assert whole["content"][2]["page"] == 3
        assert "Guest parking" in whole["content"][2]["text"]

        one = f"{PLACE}/{made['id']}"
        for method, path in (("GET", one), ("DELETE", one), ("GET", PLACE)):
            assert (await house.ask(method, path, theirs))[0] == 404
        assert [(await house.ask("DELETE", one, ours))[0] for _ in range(2)] == [204, 404]

        refused: tuple[tuple[int, str, dict[str, Any]], ...] = (
            (415, "urn:mnema:document_unsupported", {"data": upload(b"PK\x03\x04", "a.zip")}),
            (422, "urn:mnema:document_broken", {"data": upload(b"none", "a.pdf")}),
            (413, "urn:mnema:document_too_large", {"data": upload(bytes(21 << 20), "a.txt", "text/plain")}),
            (415, "urn:mnema:not_a_document", {"data": b"x", "headers": {"Content-Type": "text/plain"}}),
            (422, "urn:mnema:invalid", {"json": {"title": "no text"}}),
        )
        for status, kind, more in refused:
            found, problem, _ = await house.ask("POST", PLACE, ours, **more)
            assert (found, problem["type"]) == (status, kind), problem
            assert problem["detail"].endswith(".")
        assert problem["field"] == "text"


async def test_from_the_command_line(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    (tmp_path / "House rules.pdf").write_bytes(pdf(HOUSE_RULES))

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["knowledge", *arguments])
        return result.exit_code, result.output or str(result.exception)

    assert await run("add", "101", "House rules.pdf") == (0, "House rules is read: document 1, 3 passages.\n")
    code, output = await run("search", "101", "guest", "parking", "--json")
    found = json.loads(output)["items"][0]
    assert (code, found["title"], found["page"]) == (0, "House rules", 3)
    assert "House rules" in (await run("list", "101"))[1]
    assert (await run("delete", "102", "1"))[0] == 1
    assert await run("delete", "101", "1") == (0, "House rules is deleted.\n")
    assert json.loads((await run("list", "101", "--json"))[1]) == {"items": [], "count": 0}
