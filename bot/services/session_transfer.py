"""A session as one JSON document: out, and in again."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.db.models import Message, User
from bot.db.repositories import conversations, sessions
from bot.db.repositories.talk import HOUSE
from bot.services import session_units as units
from bot.services import titles
from bot.services.reach import Caller, user_of
from bot.services.session_values import (
    DIRECTIONS,
    ChatSession,
    MessageType,
    content_of,
    message_of,
    metadata_of,
    moment_of,
    shown,
    type_of,
    z,
)

FORMAT = "mnema.session/1"

MOST_IMPORTED = 20_000
"""Messages of one imported session; `mnema import` takes larger ones."""


def export(session: Session, caller: Caller, session_id: str, now: datetime) -> dict[str, Any]:
    """The session as a document. Times are UTC, ISO 8601 with Z; links between messages go by their ids."""
    row = units.reached(session, caller, session_id)
    return {
        "format": FORMAT,
        "exported_at": z(now),
        "session": {
            "id": row.id,
            "user_id": sessions.users_of(session, [row]).get(row.user_id or 0),
            "title": row.title,
            "metadata": shown(row.meta),
            "status": row.status,
            "message_count": row.message_count,
            "created_at": z(row.created_at),
            "updated_at": z(row.updated_at),
            "last_message_at": z(row.last_message_at),
        },
        "messages": [_line(m, row.id) for m in sessions.messages(session, row.no, now, None)],
    }


def take_in(
    session: Session, caller: Caller, data: Mapping[str, Any], user_id: str | None, *, copy: bool,
    tokens: Sequence[int], most: int, now: datetime,
) -> tuple[ChatSession, bool]:  # fmt: skip
    """Make a session of an export, for the person in it or another one; whether it is a new one.

    The same export for the same person gives the session of the first time, unless a `copy` is asked for.
    `tokens` counts the messages, in their order. Raises Invalid for what is no export.
    """
    head, lines = parts_of(data)
    owner = user_id or head.get("user_id")
    if not isinstance(owner, str):
        raise Invalid("the export names no user", field="user_id")
    user = user_of(session, caller, owner, create=True, now=now)
    session.get_one(User, user.id, with_for_update=True)
    digest = digest_of(data)
    known = None if copy else sessions.imported(session, user.id, digest)
    if known is not None:
        return units.views(session, [known], now)[0], False
    began = moment_of(head.get("created_at"), "session.created_at")
    status = head.get("status", "active")
    if status not in conversations.SHOWN:
        raise Invalid("status is active or archived", field="session.status")
    source = {HOUSE: {"source_id": str(head.get("id"))[:64]}} if head.get("id") else {}
    row = sessions.make(
        session, user, caller.application, str(uuid.uuid4()), began,
        title=titles.given(head.get("title")), meta=metadata_of(head.get("metadata")) | source,
        status=status, source_id=None if copy else digest,
    )  # fmt: skip
    sessions.fill(session, row, _rows(lines, user, tokens))
    row.updated_at = moment_of(head.get("updated_at") or z(began), "session.updated_at")
    last = head.get("last_message_at")
    row.last_message_at = None if last is None else moment_of(last, "session.last_message_at")
    row.archived_at = now if status == "archived" else None
    session.flush()
    if status == "active":
        conversations.make_room(session, user.id, most, now, keep=row.no)
    return units.views(session, [row], now)[0], True


def parts_of(data: object) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The session and the messages of an export. Raises Invalid."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise Invalid(f"not an export of the format {FORMAT}", field="format")
    head, lines = data.get("session"), data.get("messages")
    if not isinstance(head, Mapping):
        raise Invalid("session is missing", field="session")
    if not isinstance(lines, list) or not all(isinstance(line, Mapping) for line in lines):
        raise Invalid("messages are no list of objects", field="messages")
    if len(lines) > MOST_IMPORTED:
        raise Invalid("too many messages", field="messages", limit=MOST_IMPORTED)
    return head, lines


def digest_of(data: Mapping[str, Any]) -> str:
    """What tells the same export again, whenever it was made."""
    said = {key: data[key] for key in ("format", "session", "messages")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _line(message: Message, session_id: str) -> dict[str, Any]:
    view = message_of(message, session_id)
    line = {
        "id": view.id, "message_type": view.message_type.value, "content": view.content,
        "content_type": view.content_type, "response_to": view.response_to, "metadata": view.metadata,
        "created_at": z(view.created_at),
    }  # fmt: skip
    if message.expires_at is not None:
        line["expires_at"] = z(message.expires_at)
    return line


def _rows(lines: Sequence[Mapping[str, Any]], user: User, tokens: Sequence[int]) -> list[dict[str, Any]]:
    places = {str(line["id"]): at for at, line in enumerate(lines, start=1) if line.get("id") is not None}
    return [
        _row(line, at, user, places, tokens[at] if at < len(tokens) else 0) for at, line in enumerate(lines)
    ]


def _row(
    line: Mapping[str, Any], at: int, user: User, places: Mapping[str, int], tokens: int
) -> dict[str, Any]:
    where = f"messages.{at}"
    kind = type_of(line.get("message_type", ""))
    reply = line.get("response_to")
    expires = line.get("expires_at")
    content_type = str(line.get("content_type") or "text")[:16]
    content = content_of(line.get("content", "")) if content_type == "text" else str(line.get("content", ""))
    return {
        "sender_id": user.id if kind is MessageType.USER else None,
        "sender_label": units.label_of(kind, user),
        "direction": DIRECTIONS[kind],
        "content_type": content_type,
        "content": content,
        "token_count": tokens,
        "reply_to": None if reply is None else places.get(str(reply)),
        "meta": metadata_of(line.get("metadata")),
        "sent_at": moment_of(line.get("created_at"), f"{where}.created_at"),
        "expires_at": None if expires is None else moment_of(expires, f"{where}.expires_at"),
    }
