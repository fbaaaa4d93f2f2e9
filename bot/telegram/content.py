"""What a message carries: its kind, the text that stands for it, and its files."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import Animation, Audio, Document, Message, PhotoSize, Sticker, Video, VideoNote, Voice

from bot.core.messages import AttachmentRef, ContentType
from bot.core.text import one_line

_NAME_LIMIT = 128
_FIELD_LIMIT = 300

Media = PhotoSize | Voice | Audio | Video | VideoNote | Animation | Document | Sticker


@dataclass(frozen=True, slots=True)
class Content:
    """A message's kind and its text: the words, the caption, or a line that stands for what has neither."""

    type: ContentType
    text: str


def content_of(message: Message) -> Content | None:
    """The content of a message, None for service messages."""
    if message.text is not None:
        return Content("text", message.text)
    media = _media(message)
    if media is not None:
        return Content(media[0], message.caption or "")
    return _structured(message)


def attachments_of(message: Message) -> tuple[AttachmentRef, ...]:
    """The files of a message; of a photo's sizes only the largest."""
    media = _media(message)
    if media is None:
        return ()
    kind, file = media
    name: str | None = getattr(file, "file_name", None)
    return (
        AttachmentRef(
            kind=kind,
            file_id=file.file_id,
            unique_id=file.file_unique_id,
            mime=_mime(file),
            size=file.file_size,
            width=getattr(file, "width", None),
            height=getattr(file, "height", None),
            name=one_line(name, _NAME_LIMIT) if name else None,
        ),
    )


def _media(message: Message) -> tuple[ContentType, Media] | None:
    if message.photo:
        return "image", max(message.photo, key=lambda size: size.width * size.height)
    if message.voice:
        return "voice", message.voice
    # An animation comes with a document that stands for it in old clients.
    if moving := message.video or message.video_note or message.animation:
        return "video", moving
    if message.document:
        picture = (message.document.mime_type or "").startswith("image/")
        return ("image" if picture else "document"), message.document
    if message.audio:
        return "document", message.audio
    return ("sticker", message.sticker) if message.sticker else None


def _mime(file: Media) -> str | None:
    if isinstance(file, PhotoSize):
        return "image/jpeg"
    if isinstance(file, Sticker):
        return (
            "video/webm" if file.is_video else "application/x-tgsticker" if file.is_animated else "image/webp"
        )
    return "video/mp4" if isinstance(file, VideoNote) else file.mime_type


def _structured(message: Message) -> Content | None:
    if venue := message.venue:
        place = f"{venue.location.latitude:.5f}, {venue.location.longitude:.5f}"
        return Content("location", one_line(f"{venue.title}, {venue.address} ({place})", _FIELD_LIMIT))
    if location := message.location:
        return Content("location", f"{location.latitude:.5f}, {location.longitude:.5f}")
    if contact := message.contact:
        name = " ".join(filter(None, (contact.first_name, contact.last_name)))
        return Content("contact", one_line(f"{name}, {contact.phone_number}", _FIELD_LIMIT))
    if poll := message.poll:
        options = " / ".join(one_line(option.text, 100) for option in poll.options)
        return Content("poll", f"{one_line(poll.question, _FIELD_LIMIT)} — {options}")
    if dice := message.dice:
        return Content("other", f"{dice.emoji} {dice.value}")
    told = (message.story, message.paid_media, message.checklist, message.game, message.rich_message)
    return Content("other", message.caption or "") if any(told) else None
