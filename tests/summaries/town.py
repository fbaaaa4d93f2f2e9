"""The product without faces, a chat full of talk, and a summariser that keeps only what it is shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bot.app import App, build_app
from bot.core.ids import message_id
from bot.db.models import Conversation, Job, Message, Summary
from bot.settings import Settings
from tests.support.clock import ManualClock
from tests.support.llm_server import ScriptedLLM
from tests.support.llm_steps import Body, Text
from tests.support.people import Place
from tests.support.waiting import until

DAY = timedelta(days=1)
MARK = re.compile(r"FACT-\d+-\w+")
_TRANSCRIPT = re.compile(r"<transcript>\n(.*)\n</transcript>", re.DOTALL)
_NOTES = re.compile(r"<notes>\n(.*?)\n</notes>", re.DOTALL)
_SAID = re.compile(r"^(?:(\d{4}-\d\d-\d\d) )?\[(\w+)[^\]]*\][^:]*: (.*)$")


@dataclass
class House:
    """The wired product with a running background worker."""

    app: App
    clock: ManualClock
    llm: ScriptedLLM

    async def look(self) -> None:
        """What the scheduler does at a start and from then on; then the work that fell due is done."""
        await self.app.ticker.start()
        self.app.ticker.close()
        await self.drained()

    async def drained(self) -> None:
        """Wait until nothing that is due is left to do."""
        await until(self._idle, 60)

    async def _idle(self) -> bool:
        await asyncio.sleep(0.01)
        now = self.clock.now()
        open_ = select(func.count()).where(
            Job.status.in_(("queued", "running")), Job.due_at <= now, Job.pool == "background"
        )
        return not await self.app.database.read(lambda s: s.scalar(open_))

    async def summaries(self) -> dict[str, Summary]:
        """The summaries by their kind (of the last place, where there are several)."""
        return {
            row.kind: row for row in await self.app.database.read(lambda s: list(s.scalars(select(Summary))))
        }

    async def jobs(self) -> list[tuple[str, str]]:
        """Kind and status of all jobs of summaries."""
        query = select(Job.kind, Job.status).where(Job.kind.startswith("summary")).order_by(Job.id)
        return [
            (row.kind, row.status) for row in await self.app.database.read(lambda s: s.execute(query).all())
        ]


def settings(url: str, folder: Path, llm: ScriptedLLM, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": url, "data_dir": folder, "llm_base_url": llm.base_url,
        "llm_api_key": SecretStr("test-key"), "llm_model": "gpt-4o-mini", "access": "open",
    }  # fmt: skip
    return Settings(**(values | more))


@asynccontextmanager
async def house(
    url: str, folder: Path, llm: ScriptedLLM, clock: ManualClock, *, working: bool = True, **more: Any
) -> AsyncIterator[House]:
    app = build_app(settings(url, folder, llm, **more), clock=clock)
    await app.open()
    try:
        if working:
            (background,) = (worker for worker in app.workers if worker.pool == "background")
            app.nursery.start(background.run(), "background")
        yield House(app, clock, llm)
    finally:
        await app.close(2.0)


def talk_much(session: Session, place: Place, said: list[tuple[datetime, Place, str]]) -> None:
    """Many messages at once, each with its moment and speaker, behind what stands in the conversation."""
    conversation = session.get_one(Conversation, place.conversation.no, with_for_update=True)
    first = conversation.next_seq
    rows = [
        {
            "id": message_id(conversation.no, first + n), "sender_id": by.user.id, "content": text,
            "sender_label": f"{by.user.first_name} (id:{by.user.external_id})", "direction": "incoming",
            "content_type": "text", "token_count": 0, "meta": {}, "sent_at": at,
        }
        for n, (at, by, text) in enumerate(said)
    ]  # fmt: skip
    session.execute(insert(Message), rows)
    conversation.next_seq += len(rows)
    conversation.message_count += len(rows)
    conversation.last_message_at = max(at for at, _, _ in said)


def system_of(body: Body) -> str:
    return str(body["messages"][0]["content"])


def content_of(body: Body) -> str:
    return str(body["messages"][-1]["content"])


def transcript_of(body: Body) -> list[str]:
    found = _TRANSCRIPT.search(content_of(body))
    return found[1].split("\n") if found else []


def notes_of(body: Body) -> list[str]:
    return [line for block in _NOTES.findall(content_of(body)) for line in block.split("\n")]


def keeper(body: Body) -> Text:
    """A summary of nothing but the marked facts that the request shows, with speaker and day."""
    kept = [line for line in notes_of(body) if MARK.search(line)]
    day = ""
    for line in transcript_of(body):
        found = _SAID.match(line)
        assert found is not None, line
        day = found[1] or day
        kept += [f"- {day}: {found[2]} told {mark}" for mark in MARK.findall(found[3])]
    return Text("\n".join(dict.fromkeys(kept)) or "- Nothing but small talk.", chunks=1)
