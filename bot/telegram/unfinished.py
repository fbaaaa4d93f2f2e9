"""Markdown that is still being written, closed so that no half markup shows."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_PARTIAL_FENCE = re.compile(r"\n {0,3}[`~]{1,2}$")
_PARTIAL_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\](?:\([^()\n]*)?)?$")
_MARKS = re.compile(r"\\.|`+|\*\*\*|\*\*|\*|__|_|~~|\|\|", re.DOTALL)
_TRAILING_MARKS = re.compile(r"(?:(?<=\s)|^)[*_~`|#>+-]+[ \t]*$")


def closed(markdown: str) -> str:
    """The text so far without a dangling mark at its end, and with what is open closed."""
    fence = _open_fence(markdown)
    if fence:
        return _PARTIAL_FENCE.sub("", markdown)
    start = markdown.rfind("\n\n") + 1
    head, last = markdown[:start], markdown[start:]
    last = _PARTIAL_LINK.sub(r"\1", last.rstrip())
    return head + _balanced(last)


def _open_fence(markdown: str) -> str | None:
    fence: str | None = None
    for found in _FENCE.finditer(markdown):
        mark = found[1]
        if fence is None:
            fence = mark
        elif mark[0] == fence[0] and len(mark) >= len(fence):
            fence = None
    return fence


def _balanced(block: str) -> str:
    """The block with its open marks closed; marks with nothing behind them are dropped instead."""
    block = _TRAILING_MARKS.sub("", block)
    stack = _open_marks(block)
    while stack and not block[stack[-1][1] :].strip("*_~|` \n"):
        block = block[: stack[-1][1] - len(stack[-1][0])].rstrip()
        stack = _open_marks(block)
    tail = block[len(block.rstrip("*_~|`")) :]
    if stack and tail and not stack[-1][0].startswith("`"):
        # Half of a closing mark has arrived: the other half follows at once.
        block = block[: len(block) - len(tail)]
        stack = _open_marks(block)
    return block.rstrip() + "".join(mark for mark, _ in reversed(stack))


def _open_marks(block: str) -> list[tuple[str, int]]:
    """Marks that open a style and are not closed, outermost first, with where their content begins."""
    stack: list[tuple[str, int]] = []
    for found in _MARKS.finditer(block):
        mark = found[0]
        code = bool(stack) and stack[-1][0].startswith("`")
        if mark.startswith("\\") or (code and mark != stack[-1][0]):
            continue
        if any(mark == opened for opened, _ in stack):
            while stack.pop()[0] != mark:
                pass
        elif code or _opens(block, found):
            stack.append((mark, found.end()))
    return stack


def _opens(block: str, found: re.Match[str]) -> bool:
    if found[0].startswith("`"):
        return True
    before, after = block[: found.start()][-1:], block[found.end() :][:1]
    # `2 * 3` and list bullets have a space behind; a mark inside a word opens nothing worth closing early.
    return bool(after) and not after.isspace() and not before.isalnum()
