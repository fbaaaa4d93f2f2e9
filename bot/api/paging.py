"""Pages of lists: a limit, and an opaque cursor that says where to go on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Query

from bot.api.schemas import Page
from bot.core.errors import Invalid

Row = TypeVar("Row")
Item = TypeVar("Item")

MOST = 500

_LARGEST = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="`next` of the page before; leave it out for the first.")
]


def cursor_to(*place: str | int) -> str:
    """The opaque form of a place in a list."""
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def place_in(cursor: str | None, *kinds: type[Any]) -> tuple[Any, ...] | None:
    """The place that a cursor of ours stands for, None for the beginning. Raises Invalid for other text."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise Invalid("not a cursor of ours", field="cursor")
    if any(isinstance(part, int) and not -_LARGEST <= part <= _LARGEST for part in place):
        raise Invalid("not a cursor of ours", field="cursor")
    return tuple(place)


def stamp_of(moment: datetime) -> int:
    """A time as a part of a place: microseconds since 1970, nothing rounded."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(stamp: int) -> datetime:
    """The time behind it. Raises Invalid for one that no calendar holds."""
    try:
        return _EPOCH + timedelta(microseconds=stamp)
    except OverflowError:
        raise Invalid("not a cursor of ours", field="cursor") from None


def page_of(
    rows: Sequence[Row],
    limit: int,
    convert: Callable[[Row], Item],
    place: Callable[[Row], Sequence[str | int]],
) -> Page[Item]:
    """A page of `limit` items out of rows that were asked for one more, to know whether there are more."""
    shown = rows[:limit]
    following = cursor_to(*place(shown[-1])) if len(rows) > limit else None
    return Page(items=[convert(row) for row in shown], count=len(shown), next=following)
