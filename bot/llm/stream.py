"""Reads the bytes of an answer: a stream of events, or one JSON object, whatever the headers claim."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from bot.llm.faults import Fault, fault_of_error_body
from bot.llm.reply import Reply

_LONGEST = 16 << 20  # bytes of one line or of one whole JSON answer


async def read_reply(body: AsyncIterator[bytes], reply: Reply, changed: Callable[[], None]) -> None:
    """Fill `reply`, calling `changed` after each part that arrived; returns when nothing more is wanted.

    Raises `Fault` for an answer that makes no sense or is an error in disguise.
    """
    waiting = bytearray()
    events = False
    async for part in body:
        waiting += part
        if not events and not (start := bytes(waiting[:4096]).lstrip(b"\xef\xbb\xbf \t\r\n")):
            continue
        if not events:
            if start[:1] in b"{[<":
                await _read_whole(body, waiting, reply, changed)
                return
            events = True
        _take_lines(waiting, reply)
        changed()
        if reply.done or reply.overflowed:
            return
        _check_size(waiting)
    if events and waiting:
        _take_line(bytes(waiting), reply)
        changed()


async def _read_whole(
    body: AsyncIterator[bytes], waiting: bytearray, reply: Reply, changed: Callable[[], None]
) -> None:
    async for part in body:
        waiting += part
        _check_size(waiting)
    answer = _parse(bytes(waiting).decode("utf-8-sig", "replace"))
    _take_event(answer, reply)
    reply.done = True
    changed()


def _take_lines(waiting: bytearray, reply: Reply) -> None:
    start = 0
    while (end := waiting.find(b"\n", start)) >= 0 and not (reply.done or reply.overflowed):
        _take_line(bytes(waiting[start:end]), reply)
        start = end + 1
    del waiting[:start]


def _take_line(line: bytes, reply: Reply) -> None:
    name, colon, value = line.decode("utf-8", "replace").rstrip("\r").partition(":")
    if not colon or name.strip() != "data":
        return
    value = value.strip()
    if value.startswith("[DONE]"):
        reply.done = True
    elif value:
        _take_event(_parse(value), reply)


def _take_event(event: Any, reply: Reply) -> None:
    if not isinstance(event, dict):
        raise Fault("bad_response", "an answer that is no object", "once")
    if (
        event.get("error")
        or (event.get("object") == "error")
        or ("choices" not in event and "detail" in event)
    ):
        raise fault_of_error_body(event)
    reply.add(event)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Fault("bad_response", "an answer that is not JSON", "once") from None


def _check_size(waiting: bytearray) -> None:
    if len(waiting) > _LONGEST:
        raise Fault("bad_response", "an answer without an end")
