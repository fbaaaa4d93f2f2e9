"""The Bot API's HTML parse mode: a handful of tags, properly nested, everything else refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from bot.playground.emulator.errors import ApiError, bad_request
from bot.playground.store import Json

_TOKEN = re.compile(r"<(?P<end>/)?(?P<tag>[a-zA-Z][a-zA-Z0-9-]*)(?P<attrs>(?:\s[^<>]*)?)>|<")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
}


@dataclass
class _Open:
    tag: str
    offset: int
    entity: Json | None


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of an HTML message. Raises 400 "can't parse entities" with the byte offset."""
    text = ""
    entities: list[Json] = []
    stack: list[_Open] = []
    position = 0
    for match in _TOKEN.finditer(source):
        text += _unescaped(source[position : match.start()])
        position = match.end()
        at = len(source[: match.start()].encode())
        if match["tag"] is None:
            raise _error(f"Unclosed start tag at byte offset {at}")
        tag = match["tag"].lower()
        if match["end"]:
            _close(tag, at, _units(text), stack, entities)
        else:
            stack.append(_Open(tag, _units(text), _entity(tag, match["attrs"], at, stack)))
    if stack:
        raise _error(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return text + _unescaped(source[position:]), entities


def _entity(tag: str, attributes: str, at: int, stack: list[_Open]) -> Json | None:
    attrs = {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(attributes)}
    if tag == "code" and stack and stack[-1].tag == "pre":
        language = attrs.get("class", "").removeprefix("language-")
        if language and stack[-1].entity is not None:
            stack[-1].entity["language"] = language
        return None
    if tag in _SIMPLE:
        return {"type": _SIMPLE[tag]}
    if tag == "a":
        return {"type": "text_link", "url": attrs["href"]} if attrs.get("href") else None
    if tag == "span" and attrs.get("class") == "tg-spoiler":
        return {"type": "spoiler"}
    if tag == "blockquote":
        return {"type": "expandable_blockquote" if "expandable" in attrs else "blockquote"}
    if tag == "tg-emoji" and attrs.get("emoji-id"):
        return {"type": "custom_emoji", "custom_emoji_id": attrs["emoji-id"]}
    raise _error(f'Unsupported start tag "{tag}" at byte offset {at}')


def _close(tag: str, at: int, end: int, stack: list[_Open], entities: list[Json]) -> None:
    if not stack:
        raise _error(f"Unexpected end tag at byte offset {at}")
    opened = stack.pop()
    if opened.tag != tag:
        raise _error(f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"')
    if opened.entity is not None and end > opened.offset:
        entities.append({**opened.entity, "offset": opened.offset, "length": end - opened.offset})


def _unescaped(text: str) -> str:
    return _REFERENCE.sub(lambda match: unescape(match[0]), text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _error(why: str) -> ApiError:
    return bad_request(f"can't parse entities: {why}")
