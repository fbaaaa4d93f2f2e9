"""Keys and bearer tokens: who stands behind them, and all that is refused."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.core.errors import ConfigError, Invalid, NotFound
from bot.db.engine import Database
from bot.db.models import ApiKey, User
from bot.services.api_keys import ApiKeys, Refusal
from bot.services.reach import Caller
from bot.settings import Settings, load_settings
from tests.support.clock import ManualClock

SECRET = "a secret of the tests that is long enough"
SETTINGS = Settings(jwt_secret=SecretStr(SECRET))


@pytest.fixture
def keys(database: Database, clock: ManualClock) -> ApiKeys:
    return ApiKeys(database, clock, SETTINGS)


async def test_a_key_lives_and_ends(database: Database, clock: ManualClock, keys: ApiKeys) -> None:
    made = await keys.create(
        "shop\nbackend", "shop", ["write", "read"], expires=clock.now() + timedelta(days=1)
    )
    assert (made.line.name, made.line.scopes) == ("shop backend", ("read", "write"))
    caller = await keys.authenticate(made.token)
    assert caller == Caller("key", f"key:{made.line.id}", "shop", frozenset({"read", "write"}))
    stored = await database.read(lambda s: s.scalars(select(ApiKey)).one())
    secret = made.token.split("_")[2]
    assert made.token.startswith(f"mn_{stored.prefix}_")
    assert secret not in repr(vars(stored))
    for wrong in (
        made.token[:-1] + ("0" if made.token[-1] != "0" else "1"),
        made.token.replace(secret, "f" * 64),
    ):
        assert await keys.authenticate(wrong) == Refusal("unknown")
    for shapeless in ("", "mn_", made.token + " ", made.token.upper(), "mn_12345678_é", "x" * 10_000):
        assert await keys.authenticate(shapeless) == Refusal("malformed")
    clock.advance(86400)
    assert await keys.authenticate(made.token) == Refusal("expired")
    with pytest.raises(NotFound):
        await keys.revoke("deadbeef")
    assert (await keys.revoke(stored.prefix)).revoked_at == clock.now()
    assert await keys.authenticate(made.token) == Refusal("revoked")
    again = await keys.create("second")
    await keys.revoke(str(again.line.id))
    assert [line.revoked_at is not None for line in await keys.list()] == [True, True]


async def test_the_last_use_is_written_once_a_minute(clock: ManualClock, keys: ApiKeys) -> None:
    made = await keys.create("one")
    first = clock.now()
    for _ in range(3):
        await keys.authenticate(made.token)
        clock.advance(25)
    (line,) = await keys.list()
    assert line.last_used_at == first
    await keys.authenticate(made.token)
    (line,) = await keys.list()
    assert line.last_used_at == first + timedelta(seconds=75)


async def test_a_bound_key_stands_for_its_person(database: Database, keys: ApiKeys) -> None:
    telegram = await keys.create("ann's", user="101")
    other = await keys.create("app's", "shop", user="u-1")
    found = await keys.authenticate(telegram.token)
    assert isinstance(found, Caller)
    assert found.user_external_id == "101"
    rows = await database.read(lambda s: s.scalars(select(User).order_by(User.id)).all())
    assert [(u.external_id, u.application) for u in rows] == [("101", None), ("u-1", "shop")]
    assert rows[0].platform == "tg"
    assert rows[1].platform.startswith("api:")
    assert other.line.user == "u-1"


MISFITS: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"application": ""}, "application"),
    ({"application": "x" * 65}, "application"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["root"]}, "scopes"),
    ({"scopes": ["admin"], "user": "101"}, "scopes"),
    ({"user": "a\x00b"}, "user_id"),
    ({"user": "1" * 30}, "user_id"),
]


async def test_what_no_key_may_have(sqlite_database: Database, clock: ManualClock) -> None:
    keys = ApiKeys(sqlite_database, clock, SETTINGS)
    for given, field in [*MISFITS, ({"expires": clock.now()}, "expires")]:
        with pytest.raises(Invalid) as refused:
            await keys.create(**({"name": "n"} | given))
        assert refused.value.params["field"] == field
    assert await keys.list() == []


Claims = dict[str, Any]


def signed(secret: str = SECRET, algorithm: str = "HS256", **kept: Any) -> Callable[[Claims], str]:
    return lambda claims: jwt.encode(claims | kept, secret, algorithm)


def without(name: str) -> Callable[[Claims], str]:
    return lambda claims: jwt.encode({k: v for k, v in claims.items() if k != name}, SECRET, "HS256")


def unsigned(claims: Claims) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def altered(claims: Claims) -> str:
    head, _, signature = jwt.encode(claims, SECRET, "HS256").split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "admin"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


async def test_a_good_bearer_token(sqlite_database: Database, clock: ManualClock) -> None:
    keys, claims = ApiKeys(sqlite_database, clock, SETTINGS), _claims(clock)
    found = await keys.authenticate(signed()(claims))
    assert isinstance(found, Caller)
    assert found.kind == "jwt"
    assert found.user_external_id == "u-1"
    assert found.scopes == {"read", "write"}
    assert not found.admin
    assert await ApiKeys(sqlite_database, clock, Settings()).authenticate(signed()(claims)) == Refusal(
        "malformed"
    )
    clock.advance(60)
    assert await keys.authenticate(signed()(claims)) == Refusal("expired")
    # A stranger's forgery learns nothing of its time.
    assert await keys.authenticate(signed("another secret that is long enough too")(claims)) == Refusal(
        "unknown"
    )


FORGERIES: list[Callable[[Claims], str]] = [
    unsigned,
    altered,
    signed("another secret that is long enough too"),
    signed(SECRET, "HS512"),
    signed(SECRET, "HS384"),
    without("exp"),
    without("sub"),
    without("scope"),
    signed(exp=0),
    signed(nbf=4102444800),
    signed(aud="another service"),
    signed(sub=""),
    signed(sub="a\x00"),
    signed(scope=["admin"]),
    lambda claims: signed()(claims)[:-4],
    lambda claims: "a.b.c",
    lambda claims: "." * 2,
]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_forged_and_worn_out_tokens(sqlite_database: Database, clock: ManualClock) -> None:
    keys = ApiKeys(sqlite_database, clock, SETTINGS)
    for number, forge in enumerate(FORGERIES):
        assert isinstance(await keys.authenticate(forge(_claims(clock))), Refusal), number
    for odd in ("Infinity", "NaN", "true", '"4102444800"', "null", "[]", "1e400"):
        assert isinstance(await keys.authenticate(_expiring(odd)), Refusal), odd
    assert isinstance(await keys.authenticate(_expiring("4102444800")), Caller)


def _expiring(text: str) -> str:
    """A well signed token whose exp is this text."""
    head, body = (b'{"alg":"HS256","typ":"JWT"}', f'{{"sub":"u-1","scope":"read","exp":{text}}}'.encode())
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, body))
    digest = hmac.digest(SECRET.encode(), signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


def test_a_short_secret_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="JWT_SECRET must have at least 32 characters"):
        load_settings(None, jwt_secret="short")


def _claims(clock: ManualClock) -> Claims:
    return {"sub": "u-1", "scope": "read write openid", "exp": int(clock.now().timestamp()) + 60}
