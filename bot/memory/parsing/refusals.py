"""Why a document is not read."""

from __future__ import annotations

from typing import Final, Literal, get_args

from bot.core.errors import Invalid

Reason = Literal[
    "unsupported", "encrypted", "empty", "broken", "too_large", "too_long", "too_many_pages", "heavy", "full"
]

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

_SENTENCES: Final[dict[Reason, str]] = {
    "unsupported": "Files of this kind cannot be read; PDF, DOCX, HTML, Markdown, text, CSV and JSON can.",
    "encrypted": "This document is protected by a password; without it nobody can read it.",
    "empty": "There is no text in this document; perhaps its pages are scanned pictures.",
    "broken": "This document is damaged and cannot be read.",
    "too_large": "This file is too large: 20 MB at most can be read.",
    "too_long": "This document is too long: two million characters at most can be read.",
    "too_many_pages": "This document has too many pages: 500 at most can be read.",
    "heavy": "This document takes too much time or memory to read.",
    "full": "There are too many documents already; delete one first.",
}


class DocumentRefused(Invalid):
    """A document cannot be kept; `reason` is one of `REASONS`, the text a plain sentence."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SENTENCES[reason], reason=reason)
        self.reason: Reason = reason
