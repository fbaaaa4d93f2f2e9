"""Who may talk to the bot, and who owns it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import people

Decision = Literal["allowed", "stranger", "group_pending"]
Mode = Literal["owner", "allowlist", "open"]

LANGUAGES = ("en", "uk", "ru")


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The configured rules. `everyone` is the playground: all are allowed, groups need no approval."""

    mode: Mode = "owner"
    owner_id: str | None = None
    allowed: Sequence[str] = ()
    everyone: bool = False
    default_language: str = "en"


class Access:
    """Decides about people and groups; a stranger leaves no trace."""

    def __init__(self, rules: AccessRules, database: Database, clock: Clock) -> None:
        self._rules = rules
        self._db = database
        self._clock = clock

    async def decide(self, person: Person | None, chat: ChatRef) -> Decision:
        """Whether a message of this person in this chat is taken at all."""
        return await self._db.read(lambda s: self.decide_in(s, person, chat))

    def decide_in(self, session: Session, person: Person | None, chat: ChatRef) -> Decision:
        """The same inside a unit of work."""
        if self._rules.everyone or chat.platform != "tg":
            return "allowed"
        if chat.private:
            return "allowed" if person is not None and self._known(session, person) else "stranger"
        row = people.find_chat(session, chat)
        return "allowed" if row is not None and row.approved else "group_pending"

    def _known(self, session: Session, person: Person) -> bool:
        rules = self._rules
        if rules.mode == "open" or self._owner(session) == person.external_id:
            return True
        if rules.mode != "allowlist":
            return False
        name = f"@{person.username}".casefold() if person.username else None
        return any(entry == person.external_id or entry.casefold() == name for entry in rules.allowed)

    def _owner(self, session: Session) -> str | None:
        if self._rules.owner_id:
            return self._rules.owner_id
        stored = people.get_meta(session, "owner")
        return None if stored is None else str(stored["external_id"])

    async def owner(self) -> str | None:
        """The owner's id at the platform, None before somebody claimed the bot."""
        return await self._db.read(self._owner)

    async def is_owner(self, person: Person) -> bool:
        """Whether the bot listens to this person above all; in the playground everybody owns it."""
        return self._rules.everyone or await self.owner() == person.external_id

    async def claim_code(self) -> str | None:
        """The one-time code that makes somebody the owner; None when there is an owner already."""
        now = self._clock.now()

        def unit(session: Session) -> str | None:
            if self._rules.everyone or self._owner(session) is not None:
                return None
            people.set_meta_once(session, "claim", {"code": secrets.token_urlsafe(12)}, now)
            stored = people.get_meta(session, "claim")
            return None if stored is None else str(stored["code"])

        return await self._db.write(unit)

    async def claim(self, code: str, person: Person) -> bool:
        """Make the person the owner if the code is the one that the start printed; it works once."""
        now = self._clock.now()

        def unit(session: Session) -> bool:
            stored = people.get_meta(session, "claim")
            if stored is None or self._owner(session) is not None:
                return False
            if not hmac.compare_digest(str(stored["code"]).encode(), code.encode()):
                return False
            return people.set_meta_once(session, "owner", {"external_id": person.external_id}, now)

        return await self._db.write(unit)

    async def approve(self, chat: ChatRef, person: Person, approved: bool) -> bool:
        """Let the bot take part in a group, or not; False when the person may not decide that."""
        now = self._clock.now()

        def unit(session: Session) -> bool:
            if not (self._rules.everyone or self._known(session, person)):
                return False
            people.upsert_chat(session, chat, now).approved = approved
            return True

        return await self._db.write(unit)

    async def language(self, person: Person) -> str:
        """The language to speak with a person: their choice, their client's, the default."""
        return await self._db.read(lambda s: self.language_in(s, person))

    def language_in(self, session: Session, person: Person) -> str:
        """The same inside a unit of work."""
        user = people.find_user(session, person)
        chosen = people.profile_of(session, user.id).language if user is not None else None
        return supported(chosen) or supported(person.language_code) or self._rules.default_language


def supported(code: str | None) -> str | None:
    """The language of a code such as "uk-UA", if the product speaks it."""
    base = (code or "").split("-")[0].lower()
    return base if base in LANGUAGES else None
