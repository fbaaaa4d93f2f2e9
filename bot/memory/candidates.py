"""What a model answered about a batch, read with patience: what is whole is kept, the rest is counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.memory.kinds import KINDS

MOST_FACTS = 16
"""Facts of one batch that are looked at; a flood of them is no memory."""

MOST_TAGS = 3
TAG_LENGTH = 32

_STRING: Mapping[str, Any] = {"type": "string"}
_NUMBER: Mapping[str, Any] = {"type": "integer"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "required": list(properties),
        "properties": properties,
    }  # fmt: skip


def _array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


SCHEMA: Mapping[str, Any] = _object(
    facts=_array(
        _object(
            text=_STRING, kind={"type": "string", "enum": list(KINDS)}, message=_NUMBER, quote=_STRING,
            about={"type": "string", "enum": ["other", "self"]}, sensitive={"type": "boolean"},
            outdates=_array(_NUMBER), tags=_array(_STRING),
        )
    ),
    ended=_array(
        _object(
            known=_NUMBER, how={"type": "string", "enum": ["wrong", "changed"]}, message=_NUMBER,
            quote=_STRING,
        )
    ),
    important=_array(_object(message=_NUMBER, score={"type": "number"})),
)  # fmt: skip
"""What the model is asked for: in the strict form, so that endpoints which can hold it to that do."""


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact as the model put it; numbers are the aliases that it was shown."""

    text: str
    kind: str
    message: int
    quote: str
    about_other: bool = False
    sensitive: bool = False
    outdates: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A known fact that the person said is over, or was never so."""

    known: int
    how: Literal["wrong", "changed"]
    message: int
    quote: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All of an answer that could be read; `dropped` counts what could not, by reason."""

    facts: tuple[FoundFact, ...] = ()
    ended: tuple[Ended, ...] = ()
    important: Mapping[int, float] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    whole: bool = True


def read_answer(text: str) -> Reading | None:
    """The parts of an answer that are usable; None when it is no answer to this question at all."""
    value, whole = _json(text)
    if not isinstance(value, dict) or not any(name in value for name in ("facts", "ended", "important")):
        return None
    dropped: Counter[str] = Counter()
    facts = tuple(_facts(value.get("facts"), dropped))
    return Reading(
        facts=facts[:MOST_FACTS],
        ended=tuple(_ended(value.get("ended"), dropped)),
        important=dict(_important(value.get("important"))),
        dropped=dropped + Counter({"too many": len(facts) - MOST_FACTS} if len(facts) > MOST_FACTS else {}),
        whole=whole,
    )


def _facts(items: Any, dropped: Counter[str]) -> Iterator[FoundFact]:
    for item in _items(items, dropped):
        text, quote, number = item.get("text"), item.get("quote"), _integer(item.get("message"))
        if not isinstance(text, str) or not isinstance(quote, str) or number is None:
            dropped["malformed"] += 1
        elif item.get("kind") not in KINDS:
            dropped["kind"] += 1
        else:
            yield FoundFact(
                text, item["kind"], number, quote,
                about_other=item.get("about") == "other",
                sensitive=item.get("sensitive") is True,
                outdates=tuple(_integers(item.get("outdates"))),
                tags=tuple(_tags(item.get("tags"))),
            )  # fmt: skip


def _ended(items: Any, dropped: Counter[str]) -> Iterator[Ended]:
    for item in _items(items, dropped):
        fact, number, quote = _integer(item.get("known")), _integer(item.get("message")), item.get("quote")
        how = item.get("how")
        if fact is None or number is None or not isinstance(quote, str) or how not in ("wrong", "changed"):
            dropped["malformed"] += 1
        else:
            yield Ended(fact, how, number, quote)


def _important(items: Any) -> Iterator[tuple[int, float]]:
    for item in _items(items, Counter()):
        number, score = _integer(item.get("message")), item.get("score")
        if number is None or isinstance(score, bool) or not isinstance(score, int | float):
            continue
        if 0 <= score <= 1:
            yield number, float(score)


def _items(value: Any, dropped: Counter[str]) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
        else:
            dropped["malformed"] += 1


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _integers(value: Any) -> Iterator[int]:
    for item in value if isinstance(value, list) else ():
        number = _integer(item)
        if number is not None:
            yield number


def _tags(value: Any) -> Iterator[str]:
    words = (
        [" ".join(tag.casefold().split()) for tag in value if isinstance(tag, str)]
        if isinstance(value, list)
        else []
    )
    yield from list(dict.fromkeys(word for word in words if 0 < len(word) <= TAG_LENGTH))[:MOST_TAGS]


def _json(text: str) -> tuple[Any, bool]:
    """The first JSON object in a text, and whether it was whole; a cut one is closed behind its last item."""
    start = text.find("{")
    if start < 0:
        return None, False
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0], True
    except (ValueError, RecursionError):
        return _salvaged(text[start:]), False


def _salvaged(text: str) -> Any:
    """An object that was cut or broken somewhere, up to where one of its items ends."""
    ends = [at for at, character in enumerate(text) if character == "}"][-200:]
    for at in reversed(ends):
        for closing in ("]}", "}"):
            try:
                return json.loads(text[: at + 1] + closing)
            except (ValueError, RecursionError):
                continue
    return None
