"""What test people are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that the line of a talk states (the first is 0, and people have the even ones)."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: lines of a person and of the bot in turn, and what they come to."""

    title: str
    lines: tuple[str, ...]
    summary: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """People of one language, by name and latin id, and what they talk about."""

    language: str
    people: tuple[tuple[str, str, str], ...]
    talks: tuple[Talk, ...]
