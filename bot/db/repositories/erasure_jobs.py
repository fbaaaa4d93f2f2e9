"""The queue forgets a person: nothing of theirs waits in it, and dead letters tell nothing of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.db.models import Job

_CITING = ("reply_to_message", "external_reply", "quote", "pinned_message", "forward_origin")
"""What of an update shows another message than the one that it brings."""


class Whose(Protocol):
    """Whom it is about: their ids here and at the platform, their conversations and turns."""

    @property
    def user_id(self) -> int: ...

    @property
    def external_id(self) -> str: ...

    @property
    def conversations(self) -> Collection[int]: ...

    @property
    def turns(self) -> Collection[int]: ...


def forget(session: Session, whose: Whose, now: datetime) -> int:
    """End the waiting and dead jobs that are about the person; others keep no citation of them.

    A finished job holds nothing but keys, and a running one is about to. Returns how many ended.
    """
    ended = 0
    for job in session.scalars(select(Job).where(Job.status.in_(("queued", "dead"))).with_for_update()):
        if _about(job.payload, whose):
            job.status, job.payload, job.last_error = "done", {}, None
            job.finished_at, job.lease_owner, job.lease_until = now, None, None
            ended += 1
        else:
            left = _without_citations(job.payload, whose)
            if left != job.payload:
                job.payload, job.last_error = left, None
    session.flush()
    # The lane of a private chat is named by its person; what is done needs none.
    lanes = Job.status == "done", Job.lane.endswith(f":{whose.external_id}", autoescape=True)
    session.execute(
        update(Job).where(*lanes).values(lane=""), execution_options={"synchronize_session": False}
    )
    return ended


def _about(value: Any, whose: Whose) -> bool:
    """Whether it was said, pressed or ordered by the person, or is work on their conversations and turns."""
    if isinstance(value, dict):
        if _names(value, whose):
            return True
        return any(_about(inner, whose) for key, inner in value.items() if key not in _CITING)
    return isinstance(value, list) and any(_about(inner, whose) for inner in value)


def _names(value: dict[str, Any], whose: Whose) -> bool:
    if value.get("user_id") == whose.user_id or value.get("turn_id") in whose.turns:
        return True
    if value.get("conversation_no") in whose.conversations or value.get("no") in whose.conversations:
        return True
    if str(value.get("external_id", "")) == whose.external_id:
        return True
    people = (value.get("from"), value.get("user"), value.get("chat"))
    return any(isinstance(one, dict) and str(one.get("id")) == whose.external_id for one in people)


def _without_citations(value: Any, whose: Whose) -> Any:
    if isinstance(value, dict):
        cited = value.get("reply_to_message")
        hides = isinstance(cited, dict) and _about(cited, whose)
        return {
            key: _without_citations(inner, whose)
            for key, inner in value.items()
            if not (hides and key in _CITING)
        }
    return [_without_citations(inner, whose) for inner in value] if isinstance(value, list) else value
