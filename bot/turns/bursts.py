"""Which messages belong together: albums, texts that a client split, and forwarded bundles.

A plain question stands alone, also while an earlier one of the same person still waits: each gets its
answer. Only what was evidently sent in one go becomes one turn:

- parts of an album, by the album's id;
- what follows a split text or a forwarded bundle at once;
- a bundle forwarded right behind a comment, which arrives first. While the comment's turn still waits, the
  bundle joins it, and a turn is held for a moment when more is known to have arrived behind its message.
  Once the answer to the comment has begun, the bundle makes a turn of its own, whose context holds the
  comment, also in a group, where forwarded messages themselves mention nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.core.messages import Incoming
from bot.db.models import Message, Turn
from bot.db.repositories import bursts, turns

BURST_PAUSE = 0.8
"""Seconds that a turn of an album or a burst waits for its next part."""

CLIENT_SPLIT = 4000
"""A text of so many UTF-16 units was probably split by the client: more of it follows at once."""

BURST_GAP = timedelta(seconds=3)
"""Between the sending of two parts of a burst; Telegram's times are whole seconds."""

COMMENT_GAP = timedelta(seconds=2)
"""Between a comment and the bundle that is forwarded with it: one second, rounded up."""

_ALBUM = "album"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose messages, in which conversation."""

    conversation_no: int
    user_id: int


def burst_key(incoming: Incoming) -> str | None:
    """What parts of one burst share; None for a message that stands alone."""
    if incoming.forwarded_from is not None:
        return "forwarded"
    if incoming.media_group_id is not None:
        return f"{_ALBUM}:{incoming.media_group_id}"
    if len(incoming.text.encode("utf-16-le", "surrogatepass")) // 2 >= CLIENT_SPLIT:
        return "long"
    return None


def album_mark(incoming: Incoming) -> dict[str, str]:
    """What a stored message keeps of its album, so that its parts find each other."""
    return {} if incoming.media_group_id is None else {_ALBUM: incoming.media_group_id}


def open_turn_for(session: Session, incoming: Incoming, place: Place) -> Turn | None:
    """The waiting turn that the message continues."""
    burst = burst_key(incoming)
    if burst is not None and burst.startswith(_ALBUM):
        return turns.waiting_part(session, place.conversation_no, place.user_id, [burst])
    comment = (None,) if incoming.forwarded_from is not None else ()
    found = turns.waiting_part(session, place.conversation_no, place.user_id, ["long", "forwarded", *comment])
    if found is None:
        return None
    gap = BURST_GAP if found.burst_key is not None else COMMENT_GAP
    return found if abs(incoming.sent_at - found.last_part_at) <= gap else None


def join(session: Session, incoming: Incoming, part: Turn, message: Message) -> None:
    """Make the message a part of the waiting turn."""
    turns.extend(session, part, message.id, incoming.sent_at)
    if incoming.forwarded_from is not None:
        part.burst_key, part.tainted = part.burst_key or "forwarded", True


def follows_comment(session: Session, incoming: Incoming, place: Place) -> bool:
    """Whether a forwarded message came right behind something that its sender asked."""
    if incoming.forwarded_from is None:
        return False
    asked_at = bursts.last_asked_at(session, place.conversation_no, place.user_id)
    return asked_at is not None and abs(incoming.sent_at - asked_at) <= COMMENT_GAP


def earlier_parts(session: Session, incoming: Incoming, message: Message) -> list[int]:
    """Parts of the album that came before the one that addresses the bot."""
    if incoming.media_group_id is None or incoming.forwarded_from is not None:
        return []
    return bursts.album_before(session, message, _ALBUM, incoming.media_group_id)


def held(session: Session, incoming: Incoming) -> bool:
    """Whether a turn should wait for a moment: parts are expected, or more is there already."""
    if burst_key(incoming) is not None:
        return True
    return incoming.lane is not None and bursts.more_waits(session, incoming.lane)
