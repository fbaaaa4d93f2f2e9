"""Reads public sets of conversations with questions: LoCoMo and LongMemEval."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.core.errors import ConfigError

_PACE = timedelta(seconds=30)
"""Between two messages of a session: the sets tell only when a session began."""

_LATER = timedelta(days=7)
_MOST_SESSIONS = 1000
_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


@dataclass(frozen=True, slots=True)
class Said:
    """A message; `key` names it within its conversation, `evidence` marks one that holds an answer."""

    key: str
    speaker: str
    text: str
    at: datetime
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """Messages that were said one after the other."""

    key: str
    messages: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, asked at `at`, with the keys of the messages and sessions that answer it."""

    text: str
    category: str
    at: datetime
    evidence: frozenset[str]
    sessions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with its questions; `assistant` is the speaker that is the bot, None among people."""

    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]
    assistant: str | None = None


def locomo(path: Path) -> list[Talk]:
    """The conversations of a LoCoMo file. Raises ConfigError when it is none."""
    return [_two_people(item) for item in _items(path, "conversation")]


def longmemeval(path: Path) -> list[Talk]:
    """The questions of a LongMemEval file, each with a history of its own. Raises ConfigError."""
    return [_with_assistant(item) for item in _items(path, "haystack_sessions")]


def _items(path: Path, key: str) -> Sequence[Mapping[str, Any]]:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        items = json.loads(raw)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(items, list) or not items or any(key not in item for item in items):
        raise ConfigError(f"{path} is not the file that was expected: its items have no {key!r}")
    return items


def _two_people(item: Mapping[str, Any]) -> Talk:
    sessions = tuple(_sessions(item["conversation"]))
    keys = {said.key for session in sessions for said in session.messages}
    asked_at = sessions[-1].messages[-1].at + _LATER
    questions = []
    for qa in item["qa"]:
        evidence = frozenset(qa.get("evidence", ())) & keys  # some name no message at all
        if evidence:
            category = _CATEGORIES.get(qa["category"], str(qa["category"]))
            questions.append(Question(qa["question"], category, asked_at, evidence))
    return Talk(sessions, tuple(questions))


def _sessions(conversation: Mapping[str, Any]) -> Iterator[Session]:
    for number in range(1, _MOST_SESSIONS):
        name = f"session_{number}"
        if not conversation.get(name):
            continue
        began = datetime.strptime(conversation[f"{name}_date_time"], "%I:%M %p on %d %B, %Y").replace(
            tzinfo=UTC
        )
        yield Session(
            name,
            tuple(
                Said(said["dia_id"], said["speaker"], _words(said), began + place * _PACE)
                for place, said in enumerate(conversation[name])
            ),
        )


def _words(said: Mapping[str, Any]) -> str:
    """What was said, and what stands on the picture that came with it."""
    caption = said.get("blip_caption")
    return f"{said['text']} [photo: {caption}]" if caption else str(said["text"])


def _with_assistant(item: Mapping[str, Any]) -> Talk:
    told = zip(item["haystack_dates"], item["haystack_session_ids"], item["haystack_sessions"], strict=True)
    sessions = []
    for place, (day, key, messages) in enumerate(sorted(told, key=lambda session: _moment(session[0]))):
        began = _moment(day)
        said = tuple(
            Said(
                f"{place}:{number}",
                m["role"],
                m["content"],
                began + number * _PACE,
                bool(m.get("has_answer")),
            )
            for number, m in enumerate(messages)
        )
        sessions.append(Session(key, said))
    evidence = frozenset(said.key for session in sessions for said in session.messages if said.evidence)
    question = Question(
        item["question"], item["question_type"], _moment(item["question_date"]), evidence,
        frozenset(item["answer_session_ids"]),
    )  # fmt: skip
    return Talk(tuple(sessions), (question,), assistant="assistant")


def _moment(text: str) -> datetime:
    return datetime.strptime(re.sub(r"\s*\(\w+\)", "", text), "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
