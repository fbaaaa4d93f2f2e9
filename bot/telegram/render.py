"""Markdown as models write it → texts with entities that Telegram accepts. Pure; never raises."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiogram.types import MessageEntity
from telegramify_markdown import MessageEntity as Span
from telegramify_markdown import RenderConfig, convert, split_entities, utf16_len

log = logging.getLogger(__name__)

LIMIT = 4096
"""UTF-16 units that one message may hold."""

_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_STYLES = frozenset(
    {
        "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link", "blockquote",
        "expandable_blockquote",
    }
)  # fmt: skip
# Stand-ins of the same length in UTF-16 while the parser looks: raw HTML would be dropped, and the amounts
# in "$5-$6" taken for a formula. They are private characters, which no input keeps.
_HIDE = str.maketrans({"<": "\ue000", "$": "\ue001"})
_UNHIDE = str.maketrans({"\ue000": "<", "\ue001": "$"})
_UNWANTED = ("Cc", "Cs", "Co")


@dataclass(frozen=True, slots=True)
class Part:
    """One message's text and its entities, offsets and lengths in UTF-16 units."""

    text: str
    entities: tuple[Span, ...] = ()

    def telegram_entities(self) -> list[MessageEntity] | None:
        """The entities as the Bot API takes them, None where there are none."""
        return [MessageEntity(**span.to_dict()) for span in self.entities] or None


def _plain_symbols() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = ""
    symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    symbols.horizontal_rule = "———"
    return config


_CONFIG = _plain_symbols()


def render(markdown: str, footer: Sequence[str] = (), limit: int = LIMIT) -> list[Part]:
    """The messages that show `markdown`, and below it each footer line in italics.

    At least one part for any visible text, each of at most `limit` units; empty for blank input.
    """
    text, spans = _with_footer(*_converted(clean(markdown)), [clean(line) for line in footer])
    pieces = split_entities(text, spans, limit)
    return [part for piece, own in pieces if (part := _trimmed(piece, own)).text]


def plain(text: str, limit: int = LIMIT) -> list[Part]:
    """The same for text that is not Markdown."""
    pieces = split_entities(clean(text), [], limit)
    return [part for piece, _ in pieces if (part := _trimmed(piece, [])).text]


def clean(text: str) -> str:
    """Without control, private and broken characters, which Telegram refuses or shows as boxes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNWANTED)


def _converted(markdown: str) -> tuple[str, list[Span]]:
    try:
        text, spans = convert(markdown.translate(_HIDE), config=_CONFIG)
    except Exception:  # noqa: BLE001 - the edge of a parser fed by a model: plain text is always possible
        log.warning("markdown of %s characters shown as it is: the parser failed", len(markdown))
        return markdown, []
    if not text.strip():
        # Markup around nothing, a lone link definition: show what was written rather than nothing.
        return markdown, []
    text = text.translate(_UNHIDE)
    return text, [span for span in map(_revealed, spans) if _allowed(span)]


def _revealed(span: Span) -> Span:
    return span.copy_with(
        url=span.url.translate(_UNHIDE) if span.url else None,
        language=span.language.translate(_UNHIDE) if span.language else None,
    )


def _allowed(span: Span) -> bool:
    if span.type not in _STYLES:
        return False
    return span.type != "text_link" or _harmless(span.url or "")


def _harmless(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    named = parts.netloc if parts.scheme in ("http", "https") else parts.path
    return parts.scheme in _SCHEMES and bool(named) and not re.search(r"\s", url)


def _with_footer(text: str, spans: list[Span], lines: Iterable[str]) -> tuple[str, list[Span]]:
    gap = "\n\n"
    for line in lines:
        text = text.rstrip() + (gap if text.strip() else "")
        gap = "\n"
        spans = [*spans, Span("italic", utf16_len(text), utf16_len(line))]
        text += line
    return text, spans


def _trimmed(text: str, spans: Iterable[Span]) -> Part:
    """Telegram trims texts; entities must fit what is left."""
    shift = utf16_len(text) - utf16_len(text.lstrip())
    text = text.strip()
    end = utf16_len(text)
    kept = []
    for span in spans:
        start, stop = max(span.offset - shift, 0), min(span.offset + span.length - shift, end)
        if start < stop:
            kept.append(span.copy_with(offset=start, length=stop - start))
    return Part(text, tuple(kept))
