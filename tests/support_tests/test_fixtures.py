"""The tests' own ground: the network guard, the databases, the browser, REQUIRE."""

from __future__ import annotations

import asyncio
import http.server
import socket
import sqlite3
import threading
from collections.abc import Iterator

import asyncpg
import pytest
from selenium.webdriver import Chrome
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.engine import make_database
from bot.db.models import Chat
from tests.support import require
from tests.support.clock import START
from tests.support.network import NetworkForbidden
from tests.support.postgres import PostgresServer


@pytest.fixture
def page() -> Iterator[str]:
    """A page that sets a cookie and a stored value, shows what it found, and asks a foreign host."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            script = (
                "document.title = [document.cookie, localStorage.seen].join('|');"
                "document.cookie = 'a=1'; localStorage.seen = 'yes'"
            )
            outside = '<img src="http://192.0.2.1/x.png" onerror="console.error(\'refused\')">'
            self.wfile.write(f"<body><script>{script}</script>{outside}".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80, 0, 0))]
)
def test_connecting_outside_is_refused(family: int, address: tuple[str, int]) -> None:
    with socket.socket(family) as outside, pytest.raises(NetworkForbidden):
        outside.connect(address)


async def test_asyncio_and_name_lookups_are_refused_too() -> None:
    with pytest.raises(NetworkForbidden):
        await asyncio.open_connection("example.org", 443)
    with pytest.raises(NetworkForbidden):
        await asyncio.open_connection("192.0.2.1", 443)


async def test_the_loopback_is_open() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
        assert await reader.read() == b""
        writer.close()


def test_what_is_required_fails_instead_of_skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE", "postgres")
    with pytest.raises(pytest.fail.Exception, match="postgres is required"):
        require.missing("postgres", "not here")
    with pytest.raises(pytest.skip.Exception):
        require.missing("chromium", "not here")
    monkeypatch.setenv("REQUIRE", "postgress")
    with pytest.raises(pytest.UsageError):
        require.required()


async def _tables(url: str) -> set[str]:
    if url.startswith("sqlite:///"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
        return {name for (name,) in rows}
    connected = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        found = await connected.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connected.close()
    return {row["tablename"] for row in found}


async def _leave_behind(url: str) -> int:
    """Leave a chat behind; returns its id, which tells what others left."""
    database = make_database(url)
    await database.open()
    try:
        return await database.write(_a_chat)
    finally:
        await database.close()


def _a_chat(session: Session) -> int:
    assert session.scalar(select(func.count()).select_from(Chat)) == 0
    row = Chat(platform="tg", external_id="1", type="private", created_at=START, updated_at=START)
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize("time", [1, 2])
async def test_each_test_gets_a_migrated_database_of_its_own(database_url: str, time: int) -> None:
    tables = await _tables(database_url)
    assert {"users", "messages", "jobs", "alembic_version"} <= tables
    assert await _leave_behind(database_url) == 1


async def test_a_blank_database_has_no_tables(blank_database_url: str) -> None:
    assert await _tables(blank_database_url) == set()


@pytest.mark.postgres
def test_the_server_listens_on_the_loopback_alone(postgres_server: PostgresServer) -> None:
    with pytest.raises(OSError, match="refused"), socket.socket() as other:
        other.connect(("127.0.0.2", postgres_server.port))


@pytest.mark.chromium
@pytest.mark.parametrize("time", [1, 2])
def test_each_browser_is_fresh_and_stays_at_home(browser: Chrome, page: str, time: int) -> None:
    browser.get(page)
    assert browser.title == "|"
    assert any("refused" in entry["message"] for entry in browser.get_log("browser"))
