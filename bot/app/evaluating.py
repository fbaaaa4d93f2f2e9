"""Measures recall on conversations with known answers: each is stored, indexed and searched as any other."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session as Unit

from bot.app.evalsets import Question, Session, Talk
from bot.app.schema import prepare_database
from bot.context.recall import as_recalled, fill
from bot.core.messages import ChatRef, Person
from bot.core.ports import TokenCounter
from bot.core.scope import Scope
from bot.db.engine import Database, make_database
from bot.db.models import Chat, User
from bot.db.repositories import people, talk
from bot.llm.build import build_tokens
from bot.memory.hits import Ask, Hit, Kind
from bot.memory.indexing import flush
from bot.memory.recall import Recall
from bot.settings import Settings

RECALL_AT = (5, 10, 20, 50)
BUDGETS = (500, 1000, 2000, 4000)
SESSIONS_AT = 5

_HITS = 300
_ZONE = ZoneInfo("UTC")
_KINDS: tuple[Kind, ...] = ("message",)


@dataclass(slots=True)
class Tally:
    """What was measured, question by question."""

    recall: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    coverage: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    by_category: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    any_session: list[bool] = field(default_factory=list)
    all_sessions: list[bool] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """The figures as `mnema eval recall --json` prints them."""
        found: dict[str, Any] = {
            "questions": len(self.milliseconds),
            "recall": {str(k): _mean(values) for k, values in self.recall.items()},
            "coverage": {str(k): _mean(values) for k, values in self.coverage.items()},
            "by_category": {
                category: {"questions": len(rows["recall@10"]), **{k: _mean(v) for k, v in rows.items()}}
                for category, rows in sorted(self.by_category.items())
            },
            "latency_ms": {
                "p50": _percentile(self.milliseconds, 50),
                "p95": _percentile(self.milliseconds, 95),
            },
        }
        if self.any_session:
            found["sessions"] = {
                "any@5": _mean([float(hit) for hit in self.any_session]),
                "all@5": _mean([float(hit) for hit in self.all_sessions]),
            }
        return found


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a conversation was stored, and which of its messages got which id."""

    scope: Scope
    keys: dict[int, str]
    sessions: dict[int, str]


async def evaluate(
    talks: Sequence[Talk], settings: Settings, done: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Store the conversations in a temporary database and ask their questions; gives the report.

    `done` is called after each conversation. Tokens are counted as the configured model counts them.
    """
    tokens = build_tokens(settings)
    await tokens.warm()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'eval.db'}"
        await prepare_database(url, Path(folder))
        database = make_database(url)
        await database.open()
        recall = Recall(database)
        try:
            for number, told in enumerate(talks, start=1):
                stored = await store(database, told, number, tokens)
                for question in told.questions:
                    await _ask(recall, stored, question, tokens, tally)
                done()
        finally:
            await database.close()
    return tally.report()


async def store(database: Database, told: Talk, number: int, tokens: TokenCounter) -> _Stored:
    """Append a conversation as the product does; beside an assistant each session is one of its own."""
    private = told.assistant is not None
    chat_ref = ChatRef(f"eval-{number}", "private" if private else "supergroup")

    def begin(unit: Unit) -> tuple[Chat, dict[str, User]]:
        now = told.sessions[0].messages[0].at
        chat = people.upsert_chat(unit, chat_ref, now)
        names = {said.speaker for session in told.sessions for said in session.messages} - {told.assistant}
        users = {
            name: people.upsert_user(unit, Person(f"eval-{number}-{name}", name), now)
            for name in sorted(names)
        }
        unit.flush()
        for user in users.values():
            people.seen_in(unit, chat, user, now)
        return chat, users

    keys: dict[int, str] = {}
    sessions: dict[int, str] = {}
    scope = Scope(None, None, private)
    for session in told.sessions:

        def append(unit: Unit, session: Session = session) -> tuple[Scope, dict[int, str]]:
            chat, users = begin(unit)
            asker = next(iter(users.values()))
            found = Scope(asker.id, chat.id, private)
            return found, _append(unit, told, session, chat, chat_ref, users, tokens)

        scope, added = await database.write(append)
        keys |= added
        sessions |= dict.fromkeys(added, session.key)
    while await flush(database, [scope.chat_id or 0]):
        pass
    return _Stored(scope, keys, sessions)


def _append(
    unit: Unit, told: Talk, session: Session, chat: Chat, ref: ChatRef, users: dict[str, User],
    tokens: TokenCounter,
) -> dict[int, str]:  # fmt: skip
    began = session.messages[0].at
    asker = next(iter(users.values()))
    if told.assistant is not None:
        before = talk.find_active(unit, talk.scope_key(ref, asker))
        if before is not None:
            talk.archive(unit, before, began, cleared=False)
    conversation = talk.active_conversation(unit, chat, ref, asker, began)
    ids: dict[int, str] = {}
    for said in session.messages:
        user = users.get(said.speaker)
        new = talk.NewMessage(
            "incoming" if user else "outgoing", said.text, said.speaker, said.at,
            sender_id=user.id if user else None, token_count=tokens.count(said.text),
        )  # fmt: skip
        ids[talk.append(unit, conversation.no, new).id] = said.key
    return ids


async def _ask(
    recall: Recall, stored: _Stored, question: Question, tokens: TokenCounter, tally: Tally
) -> None:
    ask = Ask(question.text, question.at, _ZONE, limit=_HITS, kinds=_KINDS)
    began = time.perf_counter()
    hits = await recall.search(stored.scope, ask)
    tally.milliseconds.append((time.perf_counter() - began) * 1000)
    if question.sessions:
        distinct = list(dict.fromkeys(stored.sessions[hit.id] for hit in hits))[:SESSIONS_AT]
        tally.any_session.append(bool(question.sessions & set(distinct)))
        tally.all_sessions.append(question.sessions <= set(distinct))
    if question.evidence:
        _count(hits, stored, question, ask, tokens, tally)


def _count(
    hits: Sequence[Hit], stored: _Stored, question: Question, ask: Ask, tokens: TokenCounter, tally: Tally
) -> None:
    row = tally.by_category.setdefault(question.category, defaultdict(list))
    keys = [stored.keys[hit.id] for hit in hits]
    for k in RECALL_AT:
        part = _share(question, keys[:k])
        tally.recall[k].append(part)
        row[f"recall@{k}"].append(part)
    recalled = as_recalled(hits)
    for budget in BUDGETS:
        chosen = fill(recalled, budget, tokens, ask.zone, ask.now)
        shown = [stored.keys[int(str(item.id).removeprefix("m:"))] for item in chosen]
        part = _share(question, shown)
        tally.coverage[budget].append(part)
        row[f"coverage@{budget}"].append(part)


def _share(question: Question, keys: Sequence[str]) -> float:
    return len(question.evidence & set(keys)) / len(question.evidence)


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4) if values else 0.0


def _percentile(values: Sequence[float], part: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * part // 100)], 2) if ordered else 0.0
