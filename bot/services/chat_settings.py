"""How a chat wants the bot to be: the persona that its admin chose or wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.messages import ChatRef
from bot.core.ports import Clock, TokenCounter
from bot.core.text import one_line, visible
from bot.core.views import Persona
from bot.db.clean import storable
from bot.db.engine import Database
from bot.db.models import Chat
from bot.db.repositories import people

WORDS_LENGTH = 2000
SHARE = 4
"""A persona may take one part in this many of the whole context."""

_PERSONA = "persona"
_TITLE = re.compile(r"^#[ \t]+(.+)$", re.MULTILINE)
_TITLE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class PersonaFile:
    """A prompt file that a chat may choose; `default` is the system prompt of the instance."""

    name: str
    title: str
    default: bool


class ChatSettings:
    """Reads and changes what holds for a whole chat. Who may change it is the face's to know."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: TokenCounter,
        prompts: Mapping[str, str],
        default: str,
        context_max_tokens: int,
    ) -> None:
        """`prompts` are the prompt files by name, `default` the one that is used without a persona."""
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._prompts = prompts
        self._default = default
        self._most = context_max_tokens // SHARE

    def personas(self) -> Sequence[PersonaFile]:
        """The files to choose from, the default one first."""
        names = sorted(self._prompts, key=lambda name: (name != self._default, name))
        return [PersonaFile(n, _title(n, self._prompts[n]), n == self._default) for n in names]

    async def persona(self, chat: ChatRef) -> Persona | None:
        """The persona of a chat; None for the default one."""

        def unit(session: Session) -> Persona | None:
            row = people.find_chat(session, chat)
            return Persona.stored(row.settings.get(_PERSONA)) if row is not None else None

        found = await self._db.read(unit)
        gone = found is not None and found.file is not None and found.file not in self._prompts
        return None if gone else found

    async def choose_file(self, chat: ChatRef, name: str) -> None:
        """Take a prompt file for the chat.

        Raises Invalid with `params["reason"]`: "unknown" or "share" (over a quarter of the context).
        """
        if name not in self._prompts:
            raise Invalid(f"there is no persona {name}", field=_PERSONA, reason="unknown")
        if name == self._default:
            return await self.take_back(chat)
        self._within_share(self._prompts[name])
        return await self._store(chat, {"file": name})

    async def write_words(self, chat: ChatRef, words: str) -> None:
        """Take the admin's own words, beside the default prompt.

        Raises Invalid with `params["reason"]`: "empty", "length" (over 2,000 characters) or "share".
        """
        text = visible(storable(words)).strip()
        if not text:
            raise Invalid("a persona needs words", field=_PERSONA, reason="empty")
        if len(text) > WORDS_LENGTH:
            raise Invalid(
                f"a persona has at most {WORDS_LENGTH} characters", field=_PERSONA, reason="length",
                limit=WORDS_LENGTH,
            )  # fmt: skip
        self._within_share(f"{self._prompts[self._default]}\n\n{text}")
        await self._store(chat, {"text": text})

    async def take_back(self, chat: ChatRef) -> None:
        """The default prompt again, and nothing beside it."""
        await self._store(chat, None)

    def _within_share(self, text: str) -> None:
        size = self._tokens.count(text)
        if size > self._most:
            raise Invalid(
                f"a persona of {size} tokens is over a quarter of the context ({self._most})", field=_PERSONA,
                reason="share", size=size, limit=self._most,
            )  # fmt: skip

    async def _store(self, chat: ChatRef, persona: dict[str, Any] | None) -> None:
        now = self._clock.now()

        def unit(session: Session) -> None:
            row = people.upsert_chat(session, chat, now)
            session.flush()
            # Locked and read anew: topics are named in the same column.
            row = session.scalars(
                select(Chat)
                .where(Chat.id == row.id)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one()
            kept = {key: value for key, value in row.settings.items() if key != _PERSONA}
            row.settings = kept | ({_PERSONA: persona} if persona is not None else {})
            row.updated_at = now

        await self._db.write(unit)


def _title(name: str, text: str) -> str:
    found = _TITLE.search(text)
    title = found[1] if found else name.removesuffix(".md").replace("_", " ").replace("-", " ").capitalize()
    return one_line(title, _TITLE_LENGTH)
