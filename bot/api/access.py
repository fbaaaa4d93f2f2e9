"""The door of the API: who calls, how often, and with which right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Depends, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from bot.api.pace import Pace
from bot.api.services import services_of
from bot.services.api_keys import ApiKeys, Refusal
from bot.services.reach import DEFAULT_APPLICATION, RIGHTS, Caller, Right
from bot.web.guards import host_name, is_loopback
from bot.web.problems import Problem

_REALM = 'Bearer realm="mnema"'
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_REASONS = {
    "malformed": "This is neither an API key nor a token that this bot accepts.",
    "unknown": "This key or token is not known here.",
    "revoked": "This key has been revoked.",
    "expired": "This key or token has expired.",
}
_LOCAL = Caller("local", "local", DEFAULT_APPLICATION, frozenset(RIGHTS))

_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API key (`mnema api key create`), or a JWT under JWT_SECRET (HS256; sub, scope, exp).",
)


class Gate:
    """Lets callers in. With `closed` False whoever sits at this machine is an admin (API_AUTH=off)."""

    def __init__(self, keys: ApiKeys, pace: Pace, *, closed: bool) -> None:
        self._keys = keys
        self._pace = pace
        self._closed = closed

    async def admit(self, request: Request) -> Caller:
        """The caller of a request. Raises Problem (401, 421, 429)."""
        caller = await self._known(request) if self._closed else _neighbour(request)
        wait = self._pace.take(caller.id)
        if wait:
            raise Problem(
                429, "Too many requests of this caller.", code="too_many", headers={"Retry-After": str(wait)}
            )
        return caller

    async def _known(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem(
                401, "An API key is needed: Authorization: Bearer <key>.", code="no_key",
                headers={"WWW-Authenticate": _REALM},
            )  # fmt: skip
        found = await self._keys.authenticate(token.strip())
        if isinstance(found, Refusal):
            challenge = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
            raise Problem(401, _REASONS[found.reason], code=f"key_{found.reason}", headers=challenge)
        return found


def _neighbour(request: Request) -> Caller:
    """Somebody at this machine; a page under a foreign name and whatever a proxy passes on are not."""
    hosts = request.headers.getlist("host")
    name = host_name(hosts[0]) if len(hosts) == 1 else None
    peer = request.client.host if request.client is not None else ""
    forwarded = any(header in request.headers for header in _FORWARDED)
    if name is None or not is_loopback(name) or not is_loopback(peer) or forwarded:
        raise Problem(
            421, "With API_AUTH=off the API answers only this machine, by its own name.", code="unknown_host"
        )
    return _LOCAL


async def caller_of(request: Request) -> Caller:
    """The caller, admitted once a request. Raises Problem (401, 421, 429, 503)."""
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known
    caller = await services_of(request).get(Gate).admit(request)
    request.state.caller = caller
    return caller


class Require:
    """A route's declaration of the right that it needs; a policy test looks for it on every route."""

    def __init__(self, right: Right) -> None:
        self.right: Right = right

    async def __call__(
        self,
        request: Request,
        _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)] = None,
    ) -> Caller:
        """The caller. Raises Problem (401, 403, 421, 429)."""
        return self.check(await caller_of(request))

    def check(self, caller: Caller) -> Caller:
        """The caller, if they have the right. Raises Problem (403)."""
        if not caller.may(self.right):
            raise Problem(
                403, f"This needs a key with the scope {self.right}.", code="scope", scope=self.right
            )
        return caller


def require(right: Right) -> Callable[..., object]:
    """The dependency to declare: `caller: Annotated[Caller, Depends(require("read"))]`."""
    return Require(right)


Reader = Annotated[Caller, Depends(Require("read"))]
Writer = Annotated[Caller, Depends(Require("write"))]
Admin = Annotated[Caller, Depends(Require("admin"))]


def requirement(dependant: Dependant) -> Require | None:
    """What a route declares, wherever in its dependencies it stands."""
    return next(_declared(dependant), None)


def _declared(dependant: Dependant) -> Iterator[Require]:
    if isinstance(dependant.call, Require):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _declared(inner)
