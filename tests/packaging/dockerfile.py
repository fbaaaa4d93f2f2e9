"""Reads the Dockerfile: its instructions, stage by stage."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows it, as (instruction, arguments)."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """The arguments of every such instruction, in order."""
        return [arguments for name, arguments in self.steps if name == instruction]

    def last(self, instruction: str) -> str:
        """The arguments that count."""
        return self.all(instruction)[-1]

    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        pairs = (pair.partition("=") for line in self.all("ENV") for pair in shlex.split(line))
        return {name: value for name, _, value in pairs}

    def copied(self) -> list[str]:
        """What COPY takes from the build context."""
        found: list[str] = []
        for line in self.all("COPY"):
            words = shlex.split(line)
            if not words[0].startswith("--from="):
                found += words[:-1]
        return found


def read_dockerfile(path: Path) -> list[Stage]:
    """The stages, in order."""
    stages: list[Stage] = []
    for line in _logical_lines(path.read_text()):
        instruction, _, arguments = line.partition(" ")
        if instruction == "FROM":
            stages.append(Stage(arguments.split()[0]))
        else:
            stages[-1].steps.append((instruction, arguments.strip()))
    return stages


def exec_form(arguments: str) -> list[str]:
    """The words of an instruction in JSON form."""
    words: list[str] = json.loads(arguments)
    return words


def _logical_lines(text: str) -> Iterator[str]:
    waiting = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not (waiting or line.strip()):
            continue
        waiting += line.strip()
        if waiting.endswith("\\"):
            waiting = waiting[:-1]
            continue
        yield waiting
        waiting = ""
