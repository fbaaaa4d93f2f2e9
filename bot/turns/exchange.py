"""Keeping a turn's tool exchange small enough for the prompt it is appended to."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.cut import cut_middle
from bot.core.llm import Message
from bot.core.ports import TokenCounter

SHARE = 4
"""A turn's tool exchange may take this part (one in …) of the prompt's ceiling."""

SHORTEST = 24
"""Tokens below which a result says nothing any more."""


def fitted(exchange: Sequence[Message], ceiling: int, tokens: TokenCounter) -> list[Message]:
    """The exchange with its longest results cut in the middle until it fits its share of the ceiling.

    Calls and results stay paired: endpoints refuse a call without its result.
    """
    kept, limit = [dict(message) for message in exchange], ceiling // SHARE
    while tokens.count_messages(kept) > limit:
        results = [message for message in kept if message["role"] == "tool"]
        longest = max(results, key=lambda message: tokens.count(message["content"]), default=None)
        length = tokens.count(longest["content"]) if longest is not None else 0
        if longest is None or length <= SHORTEST:
            break
        longest["content"] = cut_middle(longest["content"], max(SHORTEST, length // 2), tokens)
    return kept
