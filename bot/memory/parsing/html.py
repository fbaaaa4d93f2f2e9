"""Web pages: what a reader sees, without scripts, styles and what is hidden."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HTMLParser  # type: ignore[import-untyped]

from bot.memory.parsing.blocks import Pile
from bot.memory.parsing.letters import decode
from bot.memory.parsing.refusals import DocumentRefused

_LEFT_OUT: Final = frozenset(
    (
        "audio", "button", "canvas", "embed", "head", "iframe", "input", "math", "nav", "noscript", "object",
        "script", "select", "style", "svg", "template", "textarea", "video",
    )
)  # fmt: skip
_INLINE: Final = frozenset(
    (
        "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i",
        "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
        "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    )
)  # fmt: skip
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096


def html(data: bytes, pile: Pile) -> None:
    """Headings and paragraphs in their order. Raises DocumentRefused("empty") where there is no markup."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(_text(data).encode("utf-8", "replace"), parser)
    except etree.ParserError:
        root = None
    if root is None:
        raise DocumentRefused("empty")
    _Reader(pile).read(root)


def _text(data: bytes) -> str:
    """The page as text: by the encoding that it declares, where it can be that one."""
    declared = _CHARSET.search(data[:_HEAD])
    if declared is not None and not data.startswith(_MARKS):
        with suppress(LookupError, ValueError):
            return data.decode(declared[1].decode("ascii"))
    return decode(data)


class _Reader:
    """Gathers text between the borders of block elements, without recursion: pages can be nested deeply."""

    def __init__(self, pile: Pile) -> None:
        self._pile = pile
        self._waiting: list[str] = []
        self._row: list[str] = []
        self._level = 0
        self._verbatim = 0

    def read(self, root: etree._Element) -> None:
        """Walk the page once."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = str(element.tag)
            if event == "end":
                self._close(tag)
                self._say(element.tail)
            elif tag in _LEFT_OUT or _is_hidden(element):
                walk.skip_subtree()
            else:
                self._open(tag)
                self._say(element.text)
        self._flush()

    def _say(self, text: str | None) -> None:
        self._waiting.append((text or "") if self._verbatim else _SPACES.sub(" ", text or ""))

    def _open(self, tag: str) -> None:
        if tag not in _INLINE:
            self._flush()
        self._verbatim += tag == "pre"
        self._level = _HEADINGS.get(tag, self._level)

    def _close(self, tag: str) -> None:
        if tag == "br":
            self._waiting.append("\n")
        elif tag in ("td", "th"):
            self._row.append(" ".join("".join(self._waiting).split()))
            self._waiting.clear()
        elif tag not in _INLINE:
            self._flush()
        if tag == "tr":
            self._pile.add(" | ".join(filter(None, self._row)))
            self._row.clear()
        self._verbatim -= tag == "pre" and self._verbatim > 0
        if tag in _HEADINGS:
            self._level = 0

    def _flush(self) -> None:
        text = "".join(self._waiting)
        self._waiting.clear()
        if text.strip():
            self._pile.add(text, level=self._level)


def _is_hidden(element: etree._Element) -> bool:
    get = element.get
    hidden = get("hidden") is not None or get("aria-hidden") == "true"
    return hidden or _HIDDEN.search(get("style") or "") is not None
