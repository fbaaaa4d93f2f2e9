"""Who may call the API: keys of applications, and bearer tokens signed with the house's secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.ports import Clock
from bot.core.text import one_line
from bot.db.engine import Database
from bot.db.models import ApiKey, User
from bot.db.repositories import api_keys
from bot.services.jwt_bearer import JwtBearer
from bot.services.reach import DEFAULT_APPLICATION, RIGHTS, Caller, check_user_id, user_of
from bot.settings import Settings

USED_EVERY = 60
"""Seconds between two updates of a key's last_used_at."""

_TOKEN = re.compile(r"mn_([0-9a-f]{8})_[0-9a-f]{64}")
_APPLICATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_NAME_LENGTH = 100

Refused = Literal["malformed", "unknown", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a token is not taken."""

    reason: Refused


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as its operator sees it: never the secret."""

    id: int
    name: str
    application: str
    prefix: str
    scopes: tuple[str, ...]
    user: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment when its token is known."""

    token: str
    line: KeyLine


class ApiKeys:
    """Makes, lists and revokes keys, and tells who stands behind a bearer token."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._db = database
        self._clock = clock
        secret = settings.jwt_secret
        self._jwt = None if secret is None else JwtBearer(secret.get_secret_value(), clock)

    async def create(
        self,
        name: str,
        application: str = DEFAULT_APPLICATION,
        scopes: Iterable[str] = ("read", "write"),
        user: str | None = None,
        expires: datetime | None = None,
    ) -> NewKey:
        """Make a key; its token is shown this once. `user` binds it to that one person.

        Raises Invalid, with the field's name, for what no key may have.
        """
        now = self._clock.now()
        rights = _checked(name, application, scopes, user, expires, now)
        prefix = secrets.token_hex(4)
        token = f"mn_{prefix}_{secrets.token_hex(32)}"
        maker = Caller("local", "local", application, frozenset(RIGHTS))

        def unit(session: Session) -> KeyLine:
            bound = None if user is None else user_of(session, maker, user, create=True, now=now)
            key = ApiKey(
                name=one_line(name, _NAME_LENGTH), application=application, prefix=prefix,
                digest=_digest(token), scopes=rights, user_id=None if bound is None else bound.id,
                created_at=now, expires_at=expires,
            )  # fmt: skip
            session.add(key)
            session.flush()
            return _line(key, bound)

        return NewKey(token, await self._db.write(unit))

    async def list(self) -> Sequence[KeyLine]:
        """All keys, revoked ones too, oldest first."""
        return await self._db.read(lambda s: [_line(key, user) for key, user in api_keys.every(s)])

    async def revoke(self, name: str) -> KeyLine:
        """End a key, named by its id or prefix; what was revoked stays revoked.

        Raises NotFound, and Invalid when the word means several keys.
        """
        now = self._clock.now()

        def unit(session: Session) -> KeyLine:
            found = api_keys.named(session, name)
            if not found:
                raise NotFound(f"There is no key {one_line(name, 40)!r}; `mnema api key list` shows them.")
            if len(found) > 1:
                raise Invalid(f"{one_line(name, 40)!r} means several keys: use the id.", field="key")
            found[0].revoked_at = found[0].revoked_at or now
            return _line(found[0], session.get(User, found[0].user_id) if found[0].user_id else None)

        return await self._db.write(unit)

    async def authenticate(self, token: str) -> Caller | Refusal:
        """Who stands behind a bearer token."""
        if _TOKEN.fullmatch(token):
            return await self._by_key(token)
        if token.count(".") == 2 and self._jwt is not None:
            found = self._jwt.read(token)
            return found if isinstance(found, Caller) else Refusal(found)
        return Refusal("malformed")

    async def _by_key(self, token: str) -> Caller | Refusal:
        now, digest = self._clock.now(), _digest(token)

        def unit(session: Session) -> tuple[Caller | Refusal, int | None]:
            found = api_keys.by_digest(session, digest)
            if found is None or not hmac.compare_digest(found[0].digest, digest):
                return Refusal("unknown"), None
            key, user = found
            if key.revoked_at is not None:
                return Refusal("revoked"), None
            if key.expires_at is not None and key.expires_at <= now:
                return Refusal("expired"), None
            last = key.last_used_at
            stale = last is None or (now - last).total_seconds() >= USED_EVERY
            bound = None if user is None else user.external_id
            caller = Caller("key", f"key:{key.id}", key.application, frozenset(key.scopes), bound)
            return caller, key.id if stale else None

        caller, stale_id = await self._db.read(unit)
        if stale_id is not None:
            await self._db.write(lambda s: api_keys.used(s, stale_id, now, USED_EVERY))
        return caller


def _digest(token: str) -> str:
    # 256 random bits cannot be guessed, so a slow hash would protect nothing.
    return hashlib.sha256(token.encode()).hexdigest()


def _checked(
    name: str,
    application: str,
    scopes: Iterable[str],
    user: str | None,
    expires: datetime | None,
    now: datetime,
) -> list[str]:
    """The scopes in their order. Raises Invalid."""
    asked = set(scopes)
    if not name.strip():
        raise Invalid("A key needs a name.", field="name")
    if not _APPLICATION.fullmatch(application):
        raise Invalid(
            "An application's name is 1 to 64 Latin letters, digits, spaces, dots, dashes or underscores.",
            field="application",
        )
    if not asked or not asked <= set(RIGHTS):
        raise Invalid(f"Scopes are {', '.join(RIGHTS)}.", field="scopes")
    if user is not None:
        check_user_id(user)
        if "admin" in asked:
            raise Invalid("A key that is bound to one person cannot be an admin's.", field="scopes")
    if expires is not None and expires <= now:
        raise Invalid("The key would have expired already.", field="expires")
    return [right for right in RIGHTS if right in asked]


def _line(key: ApiKey, user: User | None) -> KeyLine:
    return KeyLine(
        id=key.id,
        name=key.name,
        application=key.application,
        prefix=key.prefix,
        scopes=tuple(key.scopes),
        user=None if user is None else user.external_id,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
