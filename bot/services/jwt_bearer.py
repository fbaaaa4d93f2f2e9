"""Bearer tokens that another program signed with JWT_SECRET: HS256, with sub, scope and exp."""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

import jwt

from bot.core.errors import Invalid
from bot.core.ports import Clock
from bot.services.reach import DEFAULT_APPLICATION, RIGHTS, Caller, check_user_id

_ALGORITHM = "HS256"
_CLAIMS = ("sub", "scope", "exp")
_LONGEST = 8192

Misfit = Literal["unknown", "expired"]


class JwtBearer:
    """Reads tokens under one secret; the algorithm is ours, never the token's."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def read(self, token: str) -> Caller | Misfit:
        """The caller, bound to the person that `sub` names unless the scope holds admin; or why not.

        Only of a token that was well signed is it told that its time is over.
        """
        claims = self._claims(token)
        if claims is None or not isinstance(claims["scope"], str):
            return "unknown"
        subject = claims["sub"]
        try:
            check_user_id(subject)
        except Invalid:
            return "unknown"
        if (misfit := self._out_of_time(claims)) is not None:
            return misfit
        scopes = frozenset(claims["scope"].split()) & frozenset(RIGHTS)
        name = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return Caller("jwt", f"jwt:{name}", DEFAULT_APPLICATION, scopes, subject)

    def _claims(self, token: str) -> dict[str, Any] | None:
        if len(token) > _LONGEST:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                # Times are checked against our own clock; an audience that is not ours is still refused.
                options={
                    "require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                },
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return claims

    def _out_of_time(self, claims: dict[str, Any]) -> Misfit | None:
        now = self._clock.now().timestamp()
        expires, begins = claims["exp"], claims.get("nbf", 0)
        if not _number(expires) or not _number(begins) or now < begins:
            return "unknown"
        return "expired" if now >= expires else None


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)
