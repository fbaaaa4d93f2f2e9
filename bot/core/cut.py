"""Cuts a text to a number of tokens by taking out its middle."""

from __future__ import annotations

from bot.core.ports import TokenCounter

_MOST_PER_TOKEN = 16  # characters; beyond it a text is surely too long and is not counted whole


def cut_middle(text: str, max_tokens: int, counter: TokenCounter, mark: str = " … ") -> str:
    """The text if it fits, else its head and tail around `mark`, never more than `max_tokens` tokens.

    A budget too small for the mark gets a plain head, a budget of nothing the empty text.
    """
    if max_tokens <= 0:
        return ""
    if len(text) <= max_tokens * _MOST_PER_TOKEN and counter.count(text) <= max_tokens:
        return text
    if counter.count(mark) >= max_tokens:
        mark = ""
    low, high = 0, min(len(text) - 1, max_tokens * _MOST_PER_TOKEN)
    while low < high:
        middle = (low + high + 1) // 2
        if counter.count(_without_middle(text, middle, mark)) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    while low and counter.count(cut := _without_middle(text, low, mark)) > max_tokens:
        low -= 1  # counts do not grow strictly with length: the last step is checked, not assumed
    return cut if low else ""


def _without_middle(text: str, keep: int, mark: str) -> str:
    if not mark:
        return text[:keep]
    head = (keep + 1) // 2
    tail = keep - head
    return text[:head].rstrip() + mark + (text[-tail:].lstrip() if tail else "")
