"""Reads the settings, and says in our own words what is wrong with them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.core.errors import ConfigError
from bot.settings.model import Settings

_CLOSE = 0.85
_SHARED_PREFIXES = {
    "HTTP",
    "API",
    "DATA",
    "DATABASE",
    "DEFAULT",
    "MESSAGE",
    "SECRET",
    "MAX",
    "DAILY",
    "SYSTEM",
}
_USUAL_MISTAKES = {
    "TELEGRAM_BOT_TOKEN": "BOT_TOKEN",
    "TELEGRAM_TOKEN": "BOT_TOKEN",
    "OPENAI_API_KEY": "LLM_API_KEY",
    "OPENAI_BASE_URL": "LLM_BASE_URL",
    "OPENAI_MODEL": "LLM_MODEL",
}


def load_settings(env_file: str | Path | None = ".env", **overrides: Any) -> Settings:
    """Settings from `overrides`, then the environment, then `env_file` (relative to the working directory).

    Raises `ConfigError`: one line a fault, naming the variable and what it may be, never its value.
    """
    known = {name.lower(): value for name, value in overrides.items()}
    if stray := sorted(known.keys() - Settings.model_fields.keys()):
        raise TypeError(f"unknown settings: {', '.join(stray)}")
    try:
        return Settings(_env_file=env_file, **known)
    except ValidationError as error:
        raise ConfigError("\n".join(dict.fromkeys(_sentences(error)))) from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{env_file} cannot be read: it must be a readable text file in UTF-8.") from None


def settings_warnings(
    env_file: str | Path | None = ".env", environ: Mapping[str, str] | None = None
) -> list[str]:
    """A sentence for each name that looks like a mistyped setting of ours; foreign names are left alone."""
    environment = os.environ if environ is None else environ
    in_file = _names_in(env_file)
    known = [name.upper() for name in Settings.model_fields]
    set_names = {name.upper() for name in (*in_file, *environment)}
    found: list[str] = []
    for name in in_file:
        guess = _USUAL_MISTAKES.get(name.upper())
        meant = guess if guess and guess not in set_names else _meant(name, known)
        found += [_warning(name, str(env_file), meant)] if meant else []
    prefixes = {name.split("_")[0] for name in known if "_" in name} - _SHARED_PREFIXES
    for name in sorted(environment.keys() - in_file):
        if name.split("_")[0].upper() in prefixes and (meant := _meant(name, known)):
            found.append(_warning(name, "the environment", meant))
    return found


def _warning(name: str, place: str, meant: str) -> str:
    return f"{name} in {place} is not a setting and has no effect; did you mean {meant}?"


def _names_in(env_file: str | Path | None) -> list[str]:
    if env_file is None or not Path(env_file).is_file():
        return []
    try:
        return list(dotenv_values(env_file, encoding="utf-8-sig", interpolate=False))
    except (OSError, UnicodeDecodeError):
        return []


def _meant(name: str, known: list[str]) -> str | None:
    upper = name.upper()
    if upper in known:
        return None
    if close := difflib.get_close_matches(upper, known, n=1, cutoff=_CLOSE):
        return close[0]
    longer = [full for full in known if "_" in upper and full.startswith(f"{upper}_")]
    return longer[0] if len(longer) == 1 else None


def _sentences(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        if fault["type"] == "default_factory_not_called":
            continue  # a consequence of another fault in this list
        own = fault.get("ctx", {}).get("error")
        if not fault["loc"]:
            yield str(own)
            continue
        name = str(fault["loc"][0])
        yield f"{name.upper()} {own if own else _expected(Settings.model_fields[name], fault)}."


def _expected(field: FieldInfo, fault: ErrorDetails) -> str:
    types = _plain_types(field.annotation)
    if choices := [choice for kind in types if get_origin(kind) is Literal for choice in get_args(kind)]:
        return f"must be one of {', '.join(choices)}"
    if bool in types:
        return "must be true or false"
    if int in types or float in types:
        return f"must be a {'whole number' if int in types else 'number'}{_range(field)}"
    if fault["type"] == "too_short" or fault["type"] == "string_too_short":
        shortest = next(rule.min_length for rule in field.metadata if isinstance(rule, MinLen))
        return f"must have at least {shortest} character{'s' if shortest > 1 else ''}"
    return "cannot be understood"


def _plain_types(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal or not get_args(annotation):
        return [annotation]
    return list(get_args(annotation))


def _range(field: FieldInfo) -> str:
    low = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    above = next((rule.gt for rule in field.metadata if isinstance(rule, Gt)), None)
    high = next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)
    if low is not None and high is not None:
        return f" between {low} and {high}"
    return f" greater than {above}" if above is not None else ""
