"""A message that grows line by line; addresses hide behind a sign, so that lines stay short."""

from __future__ import annotations

from telegramify_markdown import MessageEntity as Span
from telegramify_markdown import utf16_len

from bot.telegram.render import Part, clean

_LINK = "🔗"


class Lines:
    """The text and its links so far."""

    def __init__(self) -> None:
        self._text = ""
        self._links: list[Span] = []

    def add(self, text: str = "", link: str | None = None) -> None:
        """Write a line, with the sign of a link behind it."""
        self._text += clean(text)
        if link is not None:
            self._text += " "
            self._links.append(Span("text_link", utf16_len(self._text), utf16_len(_LINK), url=link))
            self._text += _LINK
        self._text += "\n"

    def part(self) -> Part:
        """What was written."""
        return Part(self._text.rstrip("\n"), tuple(self._links))
