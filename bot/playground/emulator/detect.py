"""What a Telegram client finds in plain text by itself: commands, mentions, links, hashtags."""

from __future__ import annotations

import re

from bot.playground.store import Json

_TLD = r"(?:com|org|net|io|dev|app|ua|ru|de|uk|eu|info|me|co|xyz|test|example)"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("url", re.compile(r"\bhttps?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'»…]", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.+-])[a-zA-Z0-9][\w.+-]*@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+")),
    (
        "url",
        re.compile(rf"(?<![\w@.-])(?:[a-z0-9-]+\.)+{_TLD}\b(?:/[^\s<>\"]*[^\s<>\".,;:!?)])?", re.IGNORECASE),
    ),
    ("bot_command", re.compile(r"(?<![\w/@<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@/])@[a-zA-Z][a-zA-Z0-9_]{2,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#&])#(?=\w*[^\W\d_])\w{1,255}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
)


def detect(text: str) -> list[Json]:
    """Entities of a plain text; offsets and lengths in UTF-16 units, none overlapping another."""
    spans: list[tuple[int, int, str]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if all(end <= other[0] or start >= other[1] for other in spans):
                spans.append((start, end, kind))
    return [
        {"type": kind, "offset": _units(text[:start]), "length": _units(text[start:end])}
        for start, end, kind in sorted(spans)
    ]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
