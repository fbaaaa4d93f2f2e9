"""Telegram's own exports, made up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

START = 1_700_000_000


def message(id_: int, text: Any, who: int = 101, name: str = "Ann", **more: Any) -> dict[str, Any]:
    """A message as Telegram Desktop writes it."""
    return {
        "id": id_, "type": "message", "date": "2023-11-14T22:13:20", "date_unixtime": str(START + id_),
        "from": name, "from_id": f"user{who}", "text": text, **more,
    }  # fmt: skip


def result(messages: Iterable[dict[str, Any]], kind: str = "private_supergroup", id_: int = 1001) -> bytes:
    """The file of one chat."""
    head = {"name": "Neighbours", "type": kind, "id": id_, "messages": list(messages)}
    return json.dumps(head, ensure_ascii=False, indent=1).encode()
