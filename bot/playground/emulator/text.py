"""Texts with entities, checked and cleaned as the Bot API does; offsets and lengths in UTF-16 units."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.playground.emulator.detect import detect
from bot.playground.emulator.errors import ApiError, bad_request
from bot.playground.emulator.html import parse_html
from bot.playground.store import Json

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100

_TYPES = """
mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough
spoiler blockquote expandable_blockquote code pre text_link text_mention custom_emoji date_time
"""
TYPES = frozenset(_TYPES.split())
_NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}


@dataclass(frozen=True)
class Formatted:
    """A text as it will stand in a message."""

    text: str
    entities: list[Json] = field(default_factory=list)


def utf16(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, offset: int, length: int) -> str:
    """A part of a text by UTF-16 offset and length."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def formatted(text: str, entities: list[Json] | None, parse_mode: str | None) -> Formatted:
    """Parse, check, clean and trim a text and find what a client would find in it.

    Raises 400 "can't parse entities" for syntax errors and for entities that do not fit the text.
    """
    _check_encoding(text)
    given = entities or []
    if parse_mode and not given:
        text, given = _parsed(text, parse_mode)
    _check_entities(text, given)
    cleaned = _cleaned(Formatted(text, given))
    # What is too long is refused anyway; do not search it.
    found = detect(cleaned.text) if len(cleaned.text) <= MAX_TEXT else []
    extra = [entity for entity in found if not any(_touch(entity, other) for other in cleaned.entities)]
    ordered = sorted([*cleaned.entities, *extra], key=lambda e: (e["offset"], -e["length"]))
    return Formatted(cleaned.text, ordered[:MAX_ENTITIES])


def message_text(text: str, entities: list[Json] | None, parse_mode: str | None) -> Formatted:
    """The text of a message: not empty, at most 4096 units."""
    result = formatted(text, entities, parse_mode)
    if not result.text:
        raise bad_request("message text is empty")
    if utf16(result.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return result


def caption_text(text: str, entities: list[Json] | None, parse_mode: str | None) -> Formatted:
    """The caption of a file: may be empty, at most 1024 units."""
    result = formatted(text, entities, parse_mode)
    if utf16(result.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return result


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _parsed(text: str, parse_mode: str) -> tuple[str, list[Json]]:
    mode = parse_mode.lower()
    if mode == "html":
        return parse_html(text)
    if mode in ("markdown", "markdownv2"):
        raise _unparsable(f"the playground does not read {parse_mode}; send HTML or entities")
    raise bad_request("unsupported parse_mode")


def _unparsable(why: str) -> ApiError:
    return bad_request(f"can't parse entities: {why}")


def _check_entities(text: str, entities: list[Json]) -> None:
    units = text.encode("utf-16-le")
    size = len(units) // 2
    open_ends: list[int] = []
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        kind, offset, end = entity["type"], entity["offset"], entity["offset"] + entity["length"]
        if kind not in TYPES:
            raise _unparsable(f'unknown entity type "{kind}"')
        if not 0 <= offset < end <= size:
            raise _unparsable(f"entity {kind} at {offset}..{end} does not fit a text of {size} UTF-16 units")
        if _splits_pair(units, offset) or _splits_pair(units, end):
            raise _unparsable(
                f"entity {kind} at {offset}..{end} begins or ends in a middle of a UTF-16 symbol"
            )
        if kind in _NEEDS and not entity.get(_NEEDS[kind]):
            raise _unparsable(f'Can\'t find field "{_NEEDS[kind]}"')
        while open_ends and open_ends[-1] <= offset:
            open_ends.pop()
        if open_ends and end > open_ends[-1]:
            raise _unparsable(f"entity {kind} at {offset}..{end} overlaps another one")
        open_ends.append(end)


def _splits_pair(units: bytes, position: int) -> bool:
    # A low surrogate at the position means that its high half stands before it.
    return 2 * position < len(units) and 0xDC <= units[2 * position + 1] <= 0xDF


def _cleaned(source: Formatted) -> Formatted:
    """Carriage returns go, control characters become spaces, the ends are trimmed; entities move along."""
    chars = [char if char == "\n" or ord(char) >= 32 else " " for char in source.text]
    keep = [char != "\r" for char in source.text]
    for order in (range(len(chars)), range(len(chars) - 1, -1, -1)):
        for index in order:
            if keep[index] and not chars[index].isspace():
                break
            keep[index] = False
    text = "".join(char for char, kept in zip(chars, keep, strict=True) if kept)
    if all(keep):
        return Formatted(text, source.entities)
    moved = _moved_positions(source.text, keep)
    entities = []
    for entity in source.entities:
        start, end = moved[entity["offset"]], moved[entity["offset"] + entity["length"]]
        if end > start:
            entities.append({**entity, "offset": start, "length": end - start})
    return Formatted(text, entities)


def _moved_positions(text: str, keep: list[bool]) -> list[int]:
    moved, position = [], 0
    for char, kept in zip(text, keep, strict=True):
        width = 2 if ord(char) > 0xFFFF else 1
        moved.extend([position] * width)
        position += width if kept else 0
    moved.append(position)
    return moved


def _touch(one: Json, other: Json) -> bool:
    if other["type"] in ("bold", "italic", "underline", "strikethrough", "spoiler", "blockquote"):
        return _crosses(one, other)
    ends = one["offset"] + one["length"], other["offset"] + other["length"]
    return bool(one["offset"] < ends[1] and other["offset"] < ends[0])


def _crosses(one: Json, other: Json) -> bool:
    a, b = one["offset"], one["offset"] + one["length"]
    c, d = other["offset"], other["offset"] + other["length"]
    return bool(a < c < b < d or c < a < d < b)
