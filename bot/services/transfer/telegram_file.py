"""Telegram Desktop's `result.json`, of one chat or of all, a message at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from bot.core.errors import Invalid
from bot.core.messages import ChatType, ContentType
from bot.services.transfer.streaming import parts

_CHATS = ("", "chats.list.item.", "left_chats.list.item.")
_TYPES: dict[str, ChatType] = {
    "personal_chat": "private", "bot_chat": "private", "private_group": "group",
    "private_supergroup": "supergroup", "public_supergroup": "supergroup", "private_channel": "channel",
    "public_channel": "channel",
}  # fmt: skip
_MEDIA: dict[str, ContentType] = {
    "sticker": "sticker", "voice_message": "voice", "video_file": "video", "video_message": "video",
    "animation": "video", "audio_file": "voice",
}  # fmt: skip
_SUPERGROUP = "-100"


@dataclass(frozen=True, slots=True)
class PastChat:
    """A chat as the file names it: by the id that bots know it by (of a private one the other person's)."""

    external_id: str
    type: ChatType
    title: str
    with_bot: bool = False

    @property
    def same_ids(self) -> bool:
        """Whether bots know its messages by the ids that stand in the file."""
        return self.type in ("supergroup", "channel")


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file that came with a message; what is left of it is its description."""

    kind: ContentType
    name: str | None
    mime: str | None
    size: int | None
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A message of the file; `sender_id` is a person's, None for channels and deleted accounts."""

    id: int
    sent_at: datetime
    sender_id: str | None
    sender: str
    text: str
    content_type: ContentType
    reply_to: int | None
    forwarded_from: str | None
    edited_at: datetime | None
    file: PastFile | None
    service: bool


def past(file: BinaryIO) -> Iterator[PastChat | PastMessage]:
    """Each chat, followed by its messages. Raises Invalid for what is no such file.

    Chats of unknown kinds, such as saved messages, are left out.
    """
    header: dict[str, Any] = {}
    place = ""
    known = chat = None
    places = {f"{prefix}messages.item": prefix for prefix in _CHATS}
    for at, found in parts(file, places.__contains__):
        if at in places:
            known = True
            if chat is None or places[at] != place:
                place, chat = places[at], _chat(header)
                if chat is not None:
                    yield chat
            message = _message(found) if chat is not None else None
            if message is not None:
                yield message
            continue
        prefix, _, name = at.rpartition(".")
        if name in ("name", "type", "id") and f"{prefix}." in (*_CHATS, "."):
            if name == "name" or header.keys() >= {"type", "id"}:
                header, chat = {}, None
            header[name] = found
    if not known and "type" not in header:
        raise Invalid("this is no result.json of Telegram: export the chat with the format JSON")


def _chat(header: dict[str, Any]) -> PastChat | None:
    kind = _TYPES.get(str(header.get("type")))
    if kind is None or not isinstance(header.get("id"), int):
        return None
    number = str(header["id"])
    prefix = {"supergroup": _SUPERGROUP, "channel": _SUPERGROUP, "group": "-"}.get(kind, "")
    return PastChat(prefix + number, kind, str(header.get("name") or ""), header["type"] == "bot_chat")


def _message(raw: dict[str, Any]) -> PastMessage | None:
    sent_at = _moment(raw, "date")
    if not isinstance(raw.get("id"), int) or sent_at is None:
        return None
    service = raw.get("type") == "service"
    who = str(raw.get("from_id") or raw.get("actor_id") or "")
    name = raw.get("from") or raw.get("actor")
    text = _service(raw) if service else _text(raw.get("text_entities") or raw.get("text"))
    kind, file = _file(raw)
    if not text and file is None and kind == "text":
        return None
    return PastMessage(
        id=raw["id"],
        sent_at=sent_at,
        sender_id=who.removeprefix("user") if who.startswith("user") else None,
        sender=str(name or "Deleted account"),
        text=text or _described(raw),
        content_type=kind,
        reply_to=raw["reply_to_message_id"] if isinstance(raw.get("reply_to_message_id"), int) else None,
        forwarded_from=str(raw["forwarded_from"] or "?") if "forwarded_from" in raw else None,
        edited_at=_moment(raw, "edited"),
        file=file,
        service=service,
    )


def _moment(raw: dict[str, Any], name: str) -> datetime | None:
    """In newer files as seconds; in older ones in the zone of whoever exported, which they do not name."""
    try:
        if raw.get(f"{name}_unixtime") is not None:
            return datetime.fromtimestamp(int(raw[f"{name}_unixtime"]), UTC)
        return datetime.fromisoformat(raw[name]).replace(tzinfo=UTC) if raw.get(name) else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _text(value: Any) -> str:
    """A text, or the joined texts of its entities; links that hide behind words are kept visible."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    return "".join(part if isinstance(part, str) else _entity(part) for part in value)


def _entity(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    text = str(part.get("text", ""))
    return f"{text} ({part['href']})" if part.get("type") == "text_link" and part.get("href") else text


def _service(raw: dict[str, Any]) -> str:
    """What happened in the chat, as one line."""
    words = str(raw.get("action", "")).replace("_", " ")
    about = raw.get("title") or raw.get("new_title")
    members = raw.get("members")
    named = ", ".join(str(one) for one in members if one) if isinstance(members, list) else ""
    said = ": ".join(filter(None, (words, str(about) if about else named)))
    return f"({said})" if said else ""


def _file(raw: dict[str, Any]) -> tuple[ContentType, PastFile | None]:
    kind: ContentType = "text"
    if "photo" in raw:
        kind = "image"
    elif "file" in raw or "media_type" in raw:
        kind = _MEDIA.get(str(raw.get("media_type")), "document")
    elif "location_information" in raw:
        return "location", None
    elif "contact_information" in raw:
        return "contact", None
    elif "poll" in raw:
        return "poll", None
    if kind == "text":
        return kind, None
    size = raw.get("file_size", raw.get("photo_file_size"))
    name, mime = raw.get("file_name"), raw.get("mime_type")
    numbers = [
        value if isinstance(value, int) else None for value in (size, raw.get("width"), raw.get("height"))
    ]
    return kind, PastFile(kind, str(name) if name else None, str(mime) if mime else None, *numbers)


def _described(raw: dict[str, Any]) -> str:
    """Words for what has none of its own."""
    if isinstance(poll := raw.get("poll"), dict):
        answers = [str(a.get("text")) for a in poll.get("answers", []) if isinstance(a, dict)]
        return f"{_text(poll.get('question'))} ({', '.join(answers)})"
    if isinstance(place := raw.get("location_information"), dict):
        return f"{place.get('latitude')}, {place.get('longitude')}"
    if isinstance(contact := raw.get("contact_information"), dict):
        return " ".join(str(value) for value in contact.values() if value)
    return str(raw.get("sticker_emoji") or "")
