"""From a kept trace to what may be told of it: each thing as it is now, to those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.named import Kind, Named, named_in
from bot.core.scope import Scope
from bot.core.text import one_line
from bot.db.models import Memory, MemorySource, UsageRow
from bot.db.repositories import insight, people
from bot.db.repositories.insight import Spoken, TracedTurn
from bot.services.accounts import (
    FactUsed,
    HistoryUsed,
    KnowledgeUsed,
    MessageUsed,
    ReplyTrace,
    Source,
    ToolUsed,
    UsageSum,
)
from bot.services.links import message_link

_RESULT_LENGTH = 200
_TOOL_STEP = "tool:"
_PLAIN_LAYERS = ("history", "current", "images")
"""Layers of messages that are counted or obvious; those of the others are told one by one."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: the asker (own), another member of the same group (shared), an operator without (hidden)
    or with (revealed) the texts; the scope under which a person looks, and when.
    """

    who: Literal["own", "shared", "hidden", "revealed"]
    scope: Scope
    now: datetime

    @property
    def operator(self) -> bool:
        """Whether an operator looks, to whom visibility among people does not apply."""
        return self.who in ("hidden", "revealed")


def account_of(session: Session, found: TracedTurn, eyes: Eyes) -> ReplyTrace:
    """The account of a turn for those eyes, without the sent prompt."""
    return _Account(session, found, eyes).tell()


class _Account:
    """One account while it is put together."""

    def __init__(self, session: Session, found: TracedTurn, eyes: Eyes) -> None:
        self._session = session
        self._found = found
        self._eyes = eyes
        self._named = named_in(found.trace.layers)

    def tell(self) -> ReplyTrace:
        turn, trace = self._found.turn, self._found.trace
        facts, shared = self._facts(), self._eyes.who == "shared"
        usage = insight.usage(self._session, turn.id)
        return ReplyTrace(
            turn_id=turn.id,
            message_id=trace.message_id,
            conversation_id=self._found.conversation.id,
            asked_at=turn.created_at,
            seconds=(turn.finished_at - turn.created_at).total_seconds() if turn.finished_at else None,
            model=usage[-1].model if usage else None,
            layers=() if shared else tuple(trace.layers),
            facts=facts,
            hidden=0 if shared else len(self._ids("fact")) - len(facts),
            messages=self._messages(),
            history=self._history(),
            summaries=self._summaries(),
            knowledge=self._knowledge(),
            tools=() if shared else self._tools(),
            usage=None if shared else _sum(usage),
            prompt_kept=trace.prompt is not None,
            own=self._eyes.who == "own",
            revealed=self._eyes.who == "revealed",
        )

    def _facts(self) -> Sequence[FactUsed]:
        ids = self._ids("fact")
        if not ids or self._eyes.who == "shared":
            return ()
        scope = None if self._eyes.operator else self._eyes.scope
        rows = insight.facts(self._session, ids, scope)
        said_in = {source.message_id for _, source in rows if source and source.message_id}
        sources = self._visible(said_in)
        return [self._fact(memory, source, sources) for memory, source in rows]

    def _fact(self, memory: Memory, source: MemorySource | None, spoken: dict[int, Spoken]) -> FactUsed:
        said = spoken.get(source.message_id or 0) if source else None
        # In a group, words that were said elsewhere stay there.
        quotable = source is not None and (self._eyes.scope.private or said is not None)
        return FactUsed(
            id=memory.id,
            kind=memory.kind,
            said_at=memory.valid_at,
            text=self._text(memory.text),
            quote=self._text(source.quote) if source is not None and quotable else None,
            source=_source(said) if said else None,
        )

    def _messages(self) -> Sequence[MessageUsed]:
        named = [one for one in self._of("message") if one.layer not in _PLAIN_LAYERS]
        spoken = self._visible({one.id for one in named})
        return [self._message(one, spoken[one.id]) for one in named if one.id in spoken]

    def _message(self, named: Named, spoken: Spoken) -> MessageUsed:
        row = spoken.message
        return MessageUsed(
            id=row.id,
            layer=named.layer,
            sent_at=row.sent_at,
            speaker=self._text(row.sender_label),
            text=self._text(row.content),
            link=message_link(people.as_chat_ref(spoken.chat), spoken.external_id),
        )

    def _history(self) -> HistoryUsed:
        ids = [one.id for one in self._of("message") if one.layer == "history"]
        first = insight.spoken(self._session, ids[:1]).get(ids[0]) if ids else None
        return HistoryUsed(len(ids), first.message.sent_at if first else None)

    def _summaries(self) -> Sequence[str]:
        rows = (row for row in self._found.trace.layers if row.get("name") == "summaries")
        return tuple(str(kind) for row in rows for kind in row.get("kept", ()))

    def _knowledge(self) -> Sequence[KnowledgeUsed]:
        ids, eyes = self._ids("chunk"), self._eyes
        rows = insight.passages(self._session, ids) if ids else []
        return [
            KnowledgeUsed(
                chunk.id, document.id, self._text(document.title), chunk.page, self._text(chunk.heading or "")
            )
            for chunk, document in rows
            if eyes.operator
            or document.chat_id == eyes.scope.chat_id
            or (eyes.scope.private and document.user_id == eyes.scope.user_id)
        ]

    def _tools(self) -> Sequence[ToolUsed]:
        steps = insight.steps(self._session, self._found.turn.id)
        return [
            ToolUsed(
                name=step.key.split(":")[1],
                failed=bool(step.data.get("failed")),
                result=self._text(_first_line(str(step.data.get("text", "")))),
            )
            for step in steps
            if step.key.startswith(_TOOL_STEP)
        ]

    def _visible(self, ids: set[int]) -> dict[int, Spoken]:
        """Messages that those eyes may see where they look: in a group, what was said in it."""
        spoken = insight.spoken(self._session, ids)
        if self._eyes.operator:
            return spoken
        return {message_id: one for message_id, one in spoken.items() if self._sees(one)}

    def _sees(self, spoken: Spoken) -> bool:
        scope, message = self._eyes.scope, spoken.message
        if message.expires_at is not None and message.expires_at <= self._eyes.now:
            return False
        if spoken.chat.id == scope.chat_id:
            return True
        if not scope.private or scope.user_id is None:
            return False
        return message.sender_id == scope.user_id or insight.member_of(
            self._session, scope.user_id, spoken.chat.id
        )

    def _text(self, text: str) -> str | None:
        return None if self._eyes.who == "hidden" else text

    def _of(self, kind: Kind) -> list[Named]:
        return [one for one in self._named if one.kind == kind]

    def _ids(self, kind: Kind) -> set[int]:
        return {one.id for one in self._of(kind)}


def _source(spoken: Spoken) -> Source:
    link = message_link(people.as_chat_ref(spoken.chat), spoken.external_id)
    return Source(spoken.message.id, spoken.message.sent_at, link)


def _first_line(text: str) -> str:
    return one_line(text.strip().partition("\n")[0], _RESULT_LENGTH)


def _sum(rows: Sequence[UsageRow]) -> UsageSum:
    costs = [row.cost for row in rows]
    return UsageSum(
        calls=len(rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        completion_tokens=sum(row.completion_tokens for row in rows),
        cached_tokens=sum(row.cached_tokens for row in rows),
        cost=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        estimated=any(row.estimated for row in rows),
    )
