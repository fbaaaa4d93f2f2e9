"""The fields of a profile: what each may hold, and in which form it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError

from bot.core.errors import Invalid
from bot.core.text import one_line
from bot.db.clean import storable
from bot.services.zones import find_zone, near_zones

STYLES = ("neutral", "friendly", "formal", "precise", "playful")
LENGTHS = ("short", "medium", "long")
STYLE_LENGTH, PRONOUNS_LENGTH = 200, 40
_CODE_LENGTH = 16


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored.

    Raises Invalid with `params["field"]`, `params["reason"]` (field, type, choices, length, unknown or range)
    and, where something like it is known, `params["near"]`.
    """
    return {name: _checked(name, value) for name, value in fields.items()}


def _checked(name: str, value: Any) -> Any:
    if name == "relevance_threshold":
        return _threshold(value)
    if name == "notices":
        if not isinstance(value, bool | None):
            raise _refusal(name, "type", "true or false")
        return value
    check = _TEXTS.get(name)
    if check is None:
        raise _refusal(name, "field", "a profile has no such field")
    if value is None:
        return None
    if not isinstance(value, str):
        raise _refusal(name, "type", "a text")
    text = one_line(storable(value), 1000)
    return check(text) if text else None


def _style(text: str) -> str | None:
    known = text.casefold()
    if known in STYLES:
        return None if known == "neutral" else known
    if len(text) > STYLE_LENGTH:
        raise _refusal("communication_style", "length", f"at most {STYLE_LENGTH} characters", STYLE_LENGTH)
    return text


def _length(text: str) -> str | None:
    known = text.casefold()
    if known not in LENGTHS:
        raise _refusal("response_length", "choices", f"one of {', '.join(LENGTHS)}")
    return None if known == "medium" else known


def _pronouns(text: str) -> str:
    if len(text) > PRONOUNS_LENGTH:
        raise _refusal("pronouns", "length", f"at most {PRONOUNS_LENGTH} characters", PRONOUNS_LENGTH)
    return text


def _zone(text: str) -> str:
    found = find_zone(text)
    if found is None:
        near = near_zones(text)
        refusal = _refusal("timezone", "unknown", f"a time zone such as {', '.join(near) or 'Europe/Kyiv'}")
        refusal.params["near"] = near
        raise refusal
    return found


def _language(text: str) -> str:
    try:
        found = str(Locale.parse(text.replace("_", "-"), sep="-"))
    except (UnknownLocaleError, ValueError):
        found = _language_names().get(text.casefold(), "")
    if not 0 < len(found) <= _CODE_LENGTH:
        raise _refusal("language", "unknown", "a language code such as uk")
    return found.replace("_", "-")


@cache
def _language_names() -> dict[str, str]:
    """Languages by their names in the product's languages and their own."""
    names: dict[str, str] = {}
    for code in ("ru", "uk", "en"):
        names |= {name.casefold(): key for key, name in Locale(code).languages.items()}
    return names | {"українською": "uk", "по-русски": "ru", "deutsch": "de", "français": "fr",
                    "español": "es", "italiano": "it", "polski": "pl", "ไทย": "th", "中文": "zh"}  # fmt: skip


_TEXTS = {
    "communication_style": _style, "response_length": _length, "pronouns": _pronouns, "timezone": _zone,
    "language": _language,
}  # fmt: skip


def _threshold(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal("relevance_threshold", "type", "a number")
    if not 0 <= value <= 1:
        raise _refusal("relevance_threshold", "range", "between 0 and 1")
    return float(value)


def _refusal(name: str, reason: str, wanted: str, limit: int = 0) -> Invalid:
    return Invalid(f"{name} must be {wanted}", field=name, reason=reason, limit=limit)
