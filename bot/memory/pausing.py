"""Whether anything new may be remembered about a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Conversation, Profile
from bot.db.upsert import insert_new
from bot.memory.gates import Refused

KEY, PAUSED, BY = "memory", "paused", "memory_by"
"""Where a profile keeps it, and the command that changed it last."""


def paused(session: Session, user_id: int) -> bool:
    """Whether the person asked to remember nothing new for now."""
    preferences = session.scalar(select(Profile.preferences).where(Profile.user_id == user_id))
    return preferences is not None and preferences.get(KEY) == PAUSED


def set_paused(session: Session, user_id: int, value: bool, now: datetime) -> bool:
    """Pause or go on; False when that was so already."""
    row = {"user_id": user_id, "preferences": {}, "updated_at": now}
    insert_new(session, Profile, [row], ["user_id"])
    profile = session.scalars(
        select(Profile)
        .where(Profile.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if (profile.preferences.get(KEY) == PAUSED) == value:
        return False
    others = {key: kept for key, kept in profile.preferences.items() if key != KEY}
    profile.preferences = others | ({KEY: PAUSED} if value else {})
    profile.updated_at = now
    return True


def toggle(session: Session, user_id: int, key: str, now: datetime) -> bool:
    """Pause or go on, once for each command `key`; whether it is paused now."""
    row = {"user_id": user_id, "preferences": {}, "updated_at": now}
    insert_new(session, Profile, [row], ["user_id"])
    profile = session.scalars(
        select(Profile)
        .where(Profile.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    pausing = profile.preferences.get(KEY) != PAUSED
    if profile.preferences.get(BY) == key:
        return not pausing
    profile.preferences = {**profile.preferences, BY: key}
    session.flush()
    set_paused(session, user_id, pausing, now)
    return pausing


def may_remember(session: Session, user_id: int | None, conversation_no: int) -> int:
    """The person whose memory may be written to from this conversation. Raises Refused."""
    if user_id is None:
        raise Refused("nobody to remember it of", "nobody")
    if paused(session, user_id):
        raise Refused("this person has paused their memory; they can resume it with /pause", "paused")
    conversation = session.get(Conversation, conversation_no)
    if conversation is not None and conversation.incognito:
        raise Refused("this conversation is incognito: nothing of it is remembered", "incognito")
    return user_id
