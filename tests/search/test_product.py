"""The running product indexes and embeds by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.app import build_app
from bot.app.indexing import INDEX, MERGE, make_embedder
from bot.db.models import Job, UsageRow, Vector
from bot.memory.embeddings import EMBED
from bot.settings import Settings
from tests.search.town import found, talk
from tests.support.clock import ManualClock
from tests.support.llm_server import scripted_llm
from tests.support.waiting import until


def kinds(session: Session) -> set[str]:
    return {kind for (kind,) in session.query(Job.kind).filter(Job.status == "done")}


def spenders(session: Session) -> set[str]:
    return {row.purpose for row in session.query(UsageRow)}


def vectors(session: Session) -> list[str]:
    return [row.model for row in session.query(Vector)]


async def test_ticks_bring_resting_talk_into_the_index_and_its_vectors(
    database_url: str, tmp_path: Path
) -> None:
    async with scripted_llm() as server:
        settings = Settings(
            database_url=database_url, data_dir=tmp_path, llm_base_url=server.base_url, llm_model="m",
            llm_api_key=SecretStr("k"), embedding_model="e",
        )  # fmt: skip
        clock = ManualClock()
        clock.advance(18 * 3600)  # into the hour of merging
        app = build_app(settings, clock=clock, everyone=True)
        try:
            await app.open()
            chat, ids = await talk(app.database, ["we rest now", "indeed"])
            await app.work()

            async def waiting() -> bool:
                return len(await app.database.read(vectors)) == 2

            await until(waiting)
            clock.advance(31)
            for tick in app.ticker._ticks:
                if tick.name == "embed":
                    await app.ticker.look(tick)

            async def embedded() -> bool:
                return await app.database.read(vectors) == ["e", "e"] and app.workers[2].busy == 0

            await until(embedded)
            assert await found(app.database, chat, "rest") == ids[:1]
            assert await app.database.read(lambda s: {row.purpose for row in s.query(UsageRow)}) == {
                "embedding"
            }
            assert {INDEX, EMBED, MERGE} <= await app.database.read(kinds)
        finally:
            await app.close(2)


def test_a_key_is_not_shown_to_another_server(tmp_path: Path) -> None:
    def key_of(**more: Any) -> str | None:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'x.db'}", data_dir=tmp_path, llm_model="m",
            llm_api_key=SecretStr("secret"), llm_base_url="http://one.example/v1", **more,
        )  # fmt: skip
        made = make_embedder(build_app(settings))
        return made._wire._api_key if made is not None else None

    assert key_of() is None
    assert key_of(embedding_model="e") == "secret"
    assert key_of(embedding_model="e", embedding_base_url="http://one.example/v2") == "secret"
    assert key_of(embedding_model="e", embedding_base_url="http://two.example/v1") == "none"
