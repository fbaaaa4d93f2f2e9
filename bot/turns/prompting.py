"""Builds the prompts of one turn: recall once, the context as often as the tool exchange needs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from bot.context.data import Recalled
from bot.context.manager import ContextManager, ContextServices
from bot.context.recall import CHUNK_THRESHOLD, recall_for
from bot.core.llm import Message, ToolSpec
from bot.core.trace import ContextTrace
from bot.core.views import TurnView
from bot.db.repositories import talk
from bot.memory.recall import Recall
from bot.tools.registry import ToolRegistry
from bot.turns.exchange import fitted

log = logging.getLogger(__name__)


class Prompting:
    """Builds a turn's prompt, and builds it smaller when the tool exchange needs room."""

    def __init__(
        self,
        context: ContextServices,
        tools: ToolRegistry,
        recall: Recall,
        view: TurnView,
        states: Sequence[str] = (),
    ) -> None:
        self._context = context
        self._tools = tools
        self._recall = recall
        self._view = view
        self._states = states
        self._recalled: Sequence[Recalled] | None = None
        self._manager: ContextManager | None = None
        self._built: list[Message] = []
        self.sent: list[Message] = []

    @property
    def trace(self) -> ContextTrace:
        """What the last built prompt holds."""
        return self._manager.trace if self._manager is not None else ContextTrace()

    @property
    def passages(self) -> list[Recalled]:
        """The passages of documents that the prompt holds, best first."""
        kept = {id_ for layer in self.trace.layers if layer.name == "recall" for id_ in layer.kept}
        return [item for item in self._recalled or () if item.id in kept and str(item.id).startswith("k:")]

    async def prompt(self, exchange: Sequence[Message]) -> tuple[list[Message], Sequence[ToolSpec]]:
        """The prompt with the exchange behind it, and the tools that it leaves room for."""
        ceiling, tokens = self._context.settings.context_max_tokens, self._context.tokens
        exchange = fitted(exchange, ceiling, tokens) if exchange else []
        room = tokens.count_messages(exchange) if exchange else 0
        if self._manager is None or self._manager.trace.total + room > ceiling:
            await self._build(room)
        self.sent = [*self._built, *exchange]
        return self.sent, self._manager.tools if self._manager is not None else ()

    async def _build(self, room: int) -> None:
        if self._recalled is None:
            self._recalled = await self._called_to_mind()
        self._manager = ContextManager.for_turn(
            self._context,
            self._view,
            self._tools.specs(),
            room,
            states=self._states,
            recalled=self._recalled,
        )
        self._built = await self._manager.build_context()

    async def _called_to_mind(self) -> Sequence[Recalled]:
        wanted = self._view.profile.relevance_threshold
        threshold = CHUNK_THRESHOLD if wanted is None else wanted
        try:
            return await recall_for(self._view, self._context, self._recall, threshold=threshold)
        except SQLAlchemyError:
            log.exception("turn %s is answered without recall", self._view.turn_id)
            return ()  # an answer from the window is better than none


def cited(reply: talk.NewMessage, passages: Sequence[Recalled]) -> talk.NewMessage:
    """The reply with the passages that it could draw on: how many, and how well the best of them fits."""
    if not passages:
        return reply
    best = max(passage.score for passage in passages)
    return replace(reply, relevance_score=best, context_entries_used=len(passages))


def facts_in(trace: ContextTrace) -> list[int]:
    """The facts that a prompt holds."""
    return [
        id_ for layer in trace.layers if layer.name == "facts" for id_ in layer.kept if isinstance(id_, int)
    ]
