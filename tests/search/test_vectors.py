"""Vectors: made in the background for what is indexed, compared within an owner, gone with their text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.core.errors import LLMError
from bot.core.jobs import NewJob
from bot.core.llm import Completion
from bot.db import search
from bot.db.engine import Database
from bot.db.models import Memory, Message, Vector
from bot.llm.embeddings import BATCH, OpenAIEmbedder
from bot.llm.tokens import Tokens
from bot.memory.embeddings import Embeddings, due_embeddings
from bot.memory.indexing import flush
from bot.memory.lexing import terms
from tests.search.town import indexed, talk
from tests.support.clock import START, ManualClock
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Body

MODEL = "some-embedder"


@asynccontextmanager
async def embedder(
    folder: Path, model: str = MODEL, **options: Any
) -> AsyncIterator[tuple[OpenAIEmbedder, ScriptedLLM]]:
    async with scripted_llm() as server:
        made = OpenAIEmbedder(
            model, ManualClock(), Tokens(model, folder), base_url=server.base_url, api_key="k", **options
        )
        try:
            yield made, server
        finally:
            await made.aclose()


def noted(server: ScriptedLLM) -> list[Body]:
    """The bodies of all requests for embeddings from now on."""
    asked: list[Body] = []
    answer = server._embed

    def note(body: Body) -> Body:
        asked.append(body)
        return answer(body)

    server._embed = note  # type: ignore[method-assign]
    return asked


def rows(session: Session) -> dict[tuple[str, int], tuple[str, str, int]]:
    found = session.query(Vector).order_by(Vector.kind, Vector.item_id)
    return {(row.kind, row.item_id): (row.owner, row.model, len(row.data)) for row in found}


async def due(database: Database, model: str | None = MODEL) -> list[str]:
    jobs: list[NewJob] = await database.write(lambda s: due_embeddings(s, model, START))
    return [job.kind for job in jobs]


async def test_what_is_indexed_is_embedded_and_found_by_likeness(database: Database, tmp_path: Path) -> None:
    async with embedder(tmp_path) as (model, _):
        work = Embeddings(database, ManualClock(), model)
        old, [first] = await indexed(database, ["Our neighbour plays the violoncello"])
        assert await database.read(rows) == {}  # no model yet: nothing is kept waiting
        assert await due(database) == ["search.embed_all", "search.embed"]
        chat, ids = await indexed(database, ["Nothing of interest", "Violoncellos are large", ""])
        await work.fill()
        assert await due(database) == ["search.embed"]
        assert await work.embed_waiting() == 3
        assert await due(database) == []
        [asked] = await model.embed(["violoncello"])

    def ask(session: Session, owners: list[str]) -> list[int]:
        near = search.nearest(session, owners, ["message"], asked, 2, model=MODEL)
        assert [hit[2] for hit in near] == sorted((hit[2] for hit in near), reverse=True)
        return [hit[1] for hit in near]

    assert set(await database.read(lambda s: ask(s, [f"c{chat}"]))) == {first, ids[1]}
    assert await database.read(lambda s: ask(s, ["c99", "u1"])) == []
    assert await database.read(lambda s: ask(s, [])) == []
    assert old == chat


async def test_facts_wait_for_vectors_and_lose_them_with_their_text(
    database: Database, tmp_path: Path
) -> None:
    await due(database)

    def save(session: Session) -> int:
        memory = Memory(
            kind="other",
            text="Has a cat",
            text_key="has a cat",
            origin="explicit",
            valid_at=START,
            created_at=START,
        )
        session.add(memory)
        session.flush()
        search.put_item(session, "fact", memory.id, "u1", terms(memory.text))
        return memory.id

    fact = await database.write(save)
    async with embedder(tmp_path) as (model, _):
        work = Embeddings(database, ManualClock(), model)
        assert await work.embed_waiting() == 1
        assert await database.read(rows) == {("fact", fact): ("u1", MODEL, 4 * 64)}
        await database.write(lambda s: search.put_item(s, "fact", fact, "u1", terms("Has a dog")))
        assert await database.read(rows) == {("fact", fact): ("u1", "", 0)}
        assert await work.embed_waiting() == 1
    await database.write(lambda s: s.delete(s.get_one(Memory, fact)))
    assert await database.read(rows) == {}
    assert await database.read(lambda s: search.item_count_of(s, ["u1"], ["fact"])) == 0


async def test_another_model_makes_all_vectors_anew(database: Database, tmp_path: Path) -> None:
    await due(database)
    chat, ids = await indexed(database, ["one", "two"])
    async with embedder(tmp_path) as (model, _):
        await Embeddings(database, ManualClock(), model).embed_waiting()
    assert await due(database, None) == []
    assert {model for _, model, _ in (await database.read(rows)).values()} == {MODEL}  # paid for: kept
    assert await due(database, "other") == ["search.embed_all", "search.embed"]
    async with embedder(tmp_path, "other") as (model, server):
        server.dimensions = 8
        work = Embeddings(database, ManualClock(), model)
        await work.fill()
        assert await work.embed_waiting() == 2
    assert await database.read(rows) == {("message", i): (f"c{chat}", "other", 32) for i in ids}


async def test_expired_and_edited_texts_are_not_sent_as_they_were(database: Database, tmp_path: Path) -> None:
    await due(database)
    chat, ids = await indexed(database, ["gone tomorrow", "said wrongly"])

    def change(session: Session) -> None:
        session.execute(
            update(Message).where(Message.id == ids[0]).values(expires_at=START - timedelta(days=1))
        )
        session.execute(update(Message).where(Message.id == ids[1]).values(content="said rightly"))

    await database.write(change)
    async with embedder(tmp_path) as (model, server):
        asked = noted(server)
        work = Embeddings(database, ManualClock(), model)
        await work.embed_waiting()
        await flush(database, [chat])
        await work.embed_waiting()
    assert [body["input"] for body in asked] == [["said rightly"]]


async def test_a_dead_endpoint_leaves_texts_waiting_and_rests(database: Database, tmp_path: Path) -> None:
    await due(database)
    await indexed(database, ["something"])
    async with embedder(tmp_path) as (model, server):
        work = Embeddings(database, ManualClock(), model)
        async with server.down():
            for _ in range(5):
                assert await work.embed_waiting() == 0
            with pytest.raises(LLMError, match="resting"):
                await model.embed(["x"])
        assert await due(database) == ["search.embed"]


async def test_requests_are_batched_cut_and_accounted(tmp_path: Path) -> None:
    paid: list[Completion] = []

    async def account(completion: Completion) -> None:
        paid.append(completion)

    async with embedder(tmp_path, account=account) as (model, server):
        asked = noted(server)
        texts = [f"text {n}" for n in range(BATCH)] + ["   ", "x" * 100_000]
        vectors = await model.embed(texts)
        assert model.dims == 64
        assert [len(vector) for vector in vectors] == [64] * (BATCH + 2)
        assert not any(vectors[BATCH])
        assert [len(body["input"]) for body in asked] == [BATCH, 1]
        assert len(asked[1]["input"][0]) == 6000
        assert asked[0]["encoding_format"] == "float"
        assert [completion.usage.estimated for completion in paid] == [False, False]
        assert all(completion.usage.prompt_tokens > 0 and completion.cost is None for completion in paid)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [1.0, "nan"]}]},
        {"data": [{"index": 5, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"error": {"message": "no such model", "code": 404}},
        [],
        None,
    ],
)
async def test_nonsense_is_an_error_of_the_house(tmp_path: Path, answer: Any) -> None:
    async with embedder(tmp_path) as (model, server):
        server._embed = lambda body: answer  # type: ignore[method-assign]
        with pytest.raises(LLMError):
            await model.embed(["x"])


async def test_a_text_that_the_model_refuses_holds_up_nobody(database: Database, tmp_path: Path) -> None:
    await due(database)
    _, ids = await talk(database, ["good", "poison", "also good"])
    await flush(database, [1])
    async with embedder(tmp_path) as (model, server):
        original = server._embed

        def choosy(body: Any) -> Any:
            return {"data": []} if "poison" in body["input"] else original(body)

        server._embed = choosy  # type: ignore[method-assign]
        await Embeddings(database, ManualClock(), model).embed_waiting()
    found = await database.read(rows)
    assert [found["message", i][1:] for i in ids] == [(MODEL, 256), (MODEL, 4), (MODEL, 256)]
