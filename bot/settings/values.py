"""Parsers for settings that are more than a number or a word; their errors never repeat the value."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SQLITE = {"sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"}
_POSTGRES = {"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"}
_PRICE_RULE = "must be a comma-separated list of model=input/output dollars per million tokens"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens; `cached` None means that cached input costs the same as input."""

    input: float
    output: float
    cached: float | None = None


def split_list(value: Any) -> Any:
    """A comma-separated or JSON list as a tuple of stripped, non-empty strings; others pass unchanged."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            items = json.loads(text)
        except json.JSONDecodeError:
            raise ValueError("must be a comma-separated list or a JSON list") from None
    else:
        items = text.split(",")
    return tuple(filter(None, (str(item).strip() for item in items)))


def user_ids(value: Any) -> Any:
    """Telegram ids as integers. Raises ValueError for names, which may change hands."""
    items = split_list(value)
    if not isinstance(items, (tuple, list)) or not all(str(i).isascii() and str(i).isdigit() for i in items):
        raise ValueError("must be a comma-separated list of numeric Telegram ids")
    return tuple(int(item) for item in items)


def prices(value: Any) -> Any:
    """`model=input/output[/cached input]` items as a dict of `Price`."""
    if isinstance(value, dict):
        return value
    table: dict[str, Price] = {}
    for item in split_list(value):
        name, equals, numbers = item.rpartition("=")
        try:
            parts = [float(number) for number in numbers.split("/")]
        except ValueError:
            raise ValueError(_PRICE_RULE) from None
        if not (equals and name.strip() and len(parts) in (2, 3) and all(0 <= p < 1e6 for p in parts)):
            raise ValueError(_PRICE_RULE)
        table[name.strip()] = Price(*parts)
    return table


def database_url(value: str) -> str:
    """The URL in the house's form: `sqlite:///file` or `postgresql+asyncpg://…`."""
    scheme, found, rest = value.partition("://")
    if found and scheme in _SQLITE:
        if rest in ("", "/") or ":memory:" in rest:
            raise ValueError("must name a file: memory would be lost with a database kept in RAM")
        return f"sqlite://{rest}"
    if found and scheme in _POSTGRES:
        return f"postgresql+asyncpg://{rest}".replace("?sslmode=", "?ssl=").replace("&sslmode=", "&ssl=")
    raise ValueError("must start with sqlite:/// or postgresql://")


def default_database_url(data_dir: Path) -> str:
    """The SQLite file inside the data folder."""
    return f"sqlite:///{data_dir}/mnema.db"


def http_url(value: str) -> str:
    """An http(s) URL with a host, without a slash at its end."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(c.isspace() for c in value):
        raise ValueError("must be a URL that starts with http:// or https://")
    return value.rstrip("/")


def bot_token(value: Any) -> Any:
    """A token as BotFather gives it."""
    if isinstance(value, str):
        value = value.strip()
        if not _TOKEN.fullmatch(value):
            raise ValueError("must be the token that @BotFather gave, like 123456789:AbC…")
    return value


def api_key(value: Any) -> Any:
    """A key that fits into an HTTP header."""
    if isinstance(value, str):
        value = value.strip()
        if not all("!" <= c <= "~" for c in value):
            raise ValueError("must consist of Latin letters, digits and signs, without spaces")
    return value


def webhook_secret(value: Any) -> Any:
    """A secret in the alphabet that Telegram sends in its header."""
    if isinstance(value, str) and not _WEBHOOK_SECRET.fullmatch(value.strip()):
        raise ValueError("must be 1 to 256 letters, digits, _ or -")
    return value


def prompt_file(value: str) -> str:
    """A bare file name, so that no setting reads outside the prompts folder."""
    if value.startswith(".") or any(c in "/\\:" or not c.isprintable() for c in value) or len(value) > 255:
        raise ValueError("must be a bare file name inside prompts/, without a path")
    return value


def timezone(value: str) -> str:
    """A name of the time zone database."""
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        raise ValueError("must be a time zone name such as Europe/Kyiv or UTC") from None
    return value


def is_loopback(host: str) -> bool:
    """Whether a listening address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
