"""The last user message: the marked data block, and after it what is said now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.context.dates import A_DAY, day_and_ago, time_and_ago, weekday
from bot.context.history import Marks, body, labelled, prefix, reply_mark
from bot.context.inert import clean, line, name, set_apart, spoken
from bot.core.views import MessageView, ProfileView, TurnView

OPEN, CLOSE = "<context>", "</context>"


@dataclass(frozen=True, slots=True)
class Recalled:
    """Something found that may help now; `speaker` is the inside of a prefix, empty for a document.

    `id` tells what it is: "m:123" a message, "f:7" a fact, "s:3" a summary, "k:5" a passage of a document;
    `score` (0 to 1) how well it fits the question.
    """

    id: int | str
    text: str
    said_at: datetime
    speaker: str = ""
    score: float = 0.0


def zone_of(profile: ProfileView, default: str) -> ZoneInfo:
    """The person's time zone; the default where theirs is unknown or no zone at all."""
    return _zone(profile.timezone or default) or _zone(default) or ZoneInfo("UTC")


def base_lines(view: TurnView, now: datetime, zone: ZoneInfo, *, pronouns: bool) -> list[str]:
    """What the block always says; `pronouns` and preferences only where the system message does not."""
    local = now.astimezone(zone)
    lines = [f"now: {local:%Y-%m-%d %H:%M} ({weekday(local)}), {zone.key}"]
    if view.history and now - view.history[-1].sent_at > A_DAY:
        lines.append(f"last message before: {day_and_ago(view.history[-1].sent_at, now, zone)}")
    chat = view.chat
    if not chat.private:
        title = f' "{_inert(chat.title)}"' if chat.title else ""
        topic = f', topic "{_inert(chat.topic_title)}"' if chat.topic_title else ""
        lines.append(f"chat:{title} ({chat.type}){topic}")
    lines.append(f"asker: {asker_label(view)}")
    if pronouns and view.profile.pronouns:
        lines.append(f"asker's pronouns: {line(view.profile.pronouns, 60)}")
    if not chat.private and (wishes := preferences(view.profile)):
        lines.append(f"asker's wishes for answers: {wishes}")
    return lines


def asker_label(view: TurnView) -> str:
    """The asker as the inside of a prefix: Name (@username, id:123)."""
    asker = view.asker
    at = f"@{name(asker.username)}, " if asker.username else ""
    return f"{name(asker.full_name)} ({at}id:{line(asker.external_id, 64)})"


def preferences(profile: ProfileView) -> str:
    """How a person wants to be answered, on one line; empty where they said nothing."""
    wishes = (
        ("language", profile.language),
        ("style", profile.communication_style if profile.communication_style != "neutral" else None),
        ("length", profile.response_length if profile.response_length != "medium" else None),
    )
    return "; ".join(f"{wish}: {line(value, 200)}" for wish, value in wishes if value)


def fact_block(view: TurnView, facts: str) -> list[str]:
    """The asker's facts inside the block; nothing where there are none."""
    return [f"facts about {name(view.asker.full_name)}:", facts] if facts else []


def replied_text(message: MessageView, marks: Marks) -> str:
    """The replied-to message's words, each line set apart."""
    return set_apart(body(message, message.text, marks, past=True))


def replied_heading(message: MessageView, zone: ZoneInfo, now: datetime) -> str:
    """Who said the replied-to message, and when."""
    who = "you" if message.outgoing else prefix(message)
    return f"the message replied to, by {who}, {time_and_ago(message.sent_at, now, zone)}:"


def state_lines(states: Sequence[str]) -> list[str]:
    """Unfinished business of the dialogue, one line each."""
    return ["dialogue state:", *(f"- {line(state, 400)}" for state in states)] if states else []


def recalled_line(item: Recalled, zone: ZoneInfo, now: datetime) -> str:
    """A recalled message with its date, as a line of history, or a passage of a document."""
    if not item.speaker:
        return f"{item.said_at.astimezone(zone):%Y-%m-%d} - {line(item.text, 1000)}"
    return f"{day_and_ago(item.said_at, now, zone)} [{name(item.speaker, 200)}]: {line(item.text, 1000)}"


def block(lines: Sequence[str]) -> str:
    """The lines between the marks."""
    return "\n".join((OPEN, *lines, CLOSE))


def current_text(view: TurnView, marks: Marks) -> str:
    """What is said now: in groups lines as in the history, in private the bare words."""
    if not view.chat.private:
        return "\n".join(labelled(m, spoken(m.text), marks) for m in view.current)
    return "\n".join(filter(None, (_bare(m, marks) for m in view.current)))


def _bare(message: MessageView, marks: Marks) -> str:
    words = body(message, clean(message.text), marks)
    mark = reply_mark(message).lstrip()
    return f"{mark}: {words}" if mark else words


def _inert(title: str) -> str:
    return name(title).replace('"', "'")


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None
