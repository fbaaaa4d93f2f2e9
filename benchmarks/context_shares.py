"""Where a prompt's tokens go: the stored traces of answers that the product gave in a full conversation."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.context_talk import words
from bot.app import App, build_app
from bot.core.llm import Completion, LLMRequest, Usage
from bot.core.messages import ChatRef, Incoming, Person, Reply, TurnRef
from bot.core.trace import ContextTrace
from bot.db.models import Memory, Summary, Trace
from bot.db.repositories import people, talk
from bot.settings import Settings

ANN = Person("1", "Ann", username="ann")
PRIVATE, GROUP = ChatRef("1", "private"), ChatRef("-5", "supergroup", title="Hikers")
BEFORE, TURNS = 240, 8


class Talkative:
    """A model that answers with some eighty words."""

    model = "gpt-4o-mini"

    def __init__(self) -> None:
        self.dice = random.Random(3)

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """Words."""
        return Completion(words(self.dice, 80), (), "stop", Usage(100, 100), self.model)


class Face:
    """Counts what was answered."""

    def __init__(self) -> None:
        self.answered = asyncio.Semaphore(0)

    def open(self, _turn: TurnRef) -> Face:
        return self

    async def begin(self) -> None: ...

    def show(self, text: str) -> None: ...

    async def finish(self, reply: Reply) -> None:
        self.answered.release()


def furnish(session: Session, chat: ChatRef, count: Callable[[str], int], now: datetime) -> None:
    """A month of talk of which some mattered, thirty facts, both summaries and the conversation's own."""
    dice = random.Random(5)
    user, row = people.upsert_user(session, ANN, now), people.upsert_chat(session, chat, now)
    session.flush()
    row.approved = True
    conversation = talk.active_conversation(session, row, chat, user, now)
    for number in range(BEFORE):
        outgoing = bool(number % 2)
        said = words(dice, dice.randint(20, 90) if outgoing else dice.randint(3, 40))
        label = "Mnema" if outgoing else "Ann (@ann, id:1)"
        new = talk.NewMessage(
            "outgoing" if outgoing else "incoming", said, label, now - timedelta(hours=3 * (BEFORE - number)),
            None if outgoing else user.id, token_count=count(said),
        )  # fmt: skip
        talk.append(session, conversation.no, new).importance = dice.random() ** 2
    session.refresh(conversation)
    conversation.context_summary = ". ".join(words(dice, 9) for _ in range(12))
    for number in range(30):
        said = words(dice, 8)
        session.add(
            Memory(
                user_id=user.id, chat_id=row.id, kind=dice.choice(("home", "plan", "preference", "other")),
                text=said, text_key=f"{chat.type} {number}", scope="chat", origin="explicit", created_at=now,
                valid_at=now - timedelta(days=number),
            )
        )  # fmt: skip
    for kind, sentences in (("recent", 40), ("long", 120)):
        said = ". ".join(words(dice, 9) for _ in range(sentences))
        session.add(
            Summary(
                chat_id=row.id, topic_id=0, kind=kind, text=said, token_count=count(said), model="m",
                period_start=now - timedelta(days=30), period_end=now, cursor_at=now, created_at=now,
            )
        )  # fmt: skip


async def ask(app: App, face: Face, chat: ChatRef, now: datetime) -> None:
    """A few questions, the last one as a reply to the first."""
    dice = random.Random(9)
    for number in range(TURNS):
        incoming = Incoming(
            key=f"{chat.external_id}:{number}", chat=chat, external_id=str(number), sent_at=now, sender=ANN,
            text=words(dice, 20) + "?", addressed="mention",
            reply_to_external_id="0" if number == TURNS - 1 else None,
        )  # fmt: skip
        await app.turns.receive(incoming, "telegram")
        await asyncio.wait_for(face.answered.acquire(), 30)


async def run(folder: Path) -> list[ContextTrace]:
    """The traces of the last answers in a private chat and in a group."""
    settings = Settings(database_url=f"sqlite:///{folder / 'b.db'}", data_dir=folder)
    app, face, found = build_app(settings, llm=Talkative(), everyone=True), Face(), []
    app.sinks.add("telegram", face)
    await app.open()
    await app.work()
    for chat in (PRIVATE, GROUP):
        now = datetime.now(UTC)

        def fill(session: Session, chat: ChatRef = chat, now: datetime = now) -> None:
            furnish(session, chat, app.context.tokens.count, now)

        await app.database.write(fill)
        await ask(app, face, chat, now)
        latest = select(Trace.layers).order_by(Trace.turn_id.desc()).limit(1)
        rows = await app.database.read(lambda s, latest=latest: s.scalars(latest).one())  # type: ignore[misc]
        found.append(ContextTrace.from_rows(rows))
    await app.close(2)
    return found


def main() -> None:
    """Print a table in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        private, group = asyncio.run(run(Path(folder)))
    print(f"{private.model}, CONTEXT_MAX_TOKENS {private.ceiling}\n")
    print("| layer | private: tokens | share | kept | dropped | group: tokens | share | kept | dropped |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one, other in zip(private.layers, group.layers, strict=True):
        cells = [
            f"{row.tokens} | {row.tokens / trace.total:.0%} | {len(row.kept)} | {len(row.dropped)}"
            for row, trace in ((one, private), (other, group))
        ]
        print(f"| {one.name} | {' | '.join(cells)} |")
    print(f"| whole prompt, counted | {private.total} | | | | {group.total} | | | |")


if __name__ == "__main__":
    main()
