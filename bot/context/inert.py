"""Other people's text made inert: it can forge neither a speaker's line nor the marks of the data block."""

from __future__ import annotations

import re

from bot.core.text import label, one_line

QUOTE_LENGTH = 120
CUT = " … (part left out) … "
"""Stands where the middle of a text was taken out."""

_LOOKED_AT = 16
"""Of a text that is capped, so many times the cap are read: the rest could only replace what is hidden."""

# Written with escapes: a file full of invisible characters cannot be reviewed.
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MARK = re.compile(r"<(\s*/?\s*context\s*/?\s*)>", re.IGNORECASE)
_SPEAKER = re.compile(r"^([^\w\[\n]*)\[(?=[^\]\n]*\][^\w\n]{0,3}(?:\(.*\)\s*)?:)", re.MULTILINE)
_DAY_MARK = re.compile(
    r"^([^\w\n]*[-\u2010-\u2015\u2212\u2500]{2,}[^\w\n]*)(?=\d{4}-\d\d-\d\d)", re.MULTILINE
)


def clean(text: str) -> str:
    """The text without hidden characters, with plain line breaks, and with no mark of the data block."""
    text = _HIDDEN.sub("", _BREAKS.sub("\n", text))
    return _MARK.sub("‹\\1›", text) if "<" in text else text


def spoken(text: str) -> str:
    """A message's words for use after its speaker's prefix.

    None of its lines looks like another prefix, nor like the mark of a day.
    """
    text = _DAY_MARK.sub(r"\1\\", clean(text))
    return _SPEAKER.sub(r"\1\\[", text) if "[" in text else text


def line(text: str, limit: int) -> str:
    """The text on one capped line, without the marks of the data block."""
    return text if _plain(text, limit) else clean(one_line(text[: limit * _LOOKED_AT], limit))


def name(text: str, limit: int = 64) -> str:
    """A person's, chat's or bot's name: one line, no square brackets, no marks of the data block."""
    if _plain(text, limit) and "[" not in text and "]" not in text:
        return text
    return clean(label(text[: limit * _LOOKED_AT], limit))


def _plain(text: str, limit: int) -> bool:
    """Whether there is nothing to do; most texts are so, and looking at each character takes its time."""
    return (
        len(text) <= limit
        and text.isprintable()
        and "<" not in text
        and "  " not in text
        and not text.startswith(" ")
        and not text.endswith(" ")
    )


def quoted(text: str) -> str:
    """The text as a short quotation on one line."""
    return line(text, QUOTE_LENGTH).replace('"', "'")


def set_apart(text: str) -> str:
    """Each line behind a `>`, so that it cannot be taken for a line of what surrounds it."""
    return "\n".join(f"> {part}" for part in clean(text).split("\n"))


def without_middle(text: str, tokens: int, cap: int) -> str:
    """About `cap` of the text's `tokens`, from its head and tail; by proportion, so nothing is counted."""
    keep = max(2, int(len(text) * cap / tokens) - len(CUT))
    head = (keep + 1) // 2
    return text[:head].rstrip() + CUT + text[len(text) - (keep - head) :].lstrip()
