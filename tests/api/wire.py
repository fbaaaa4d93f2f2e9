"""Schemathesis over the document: requests that fit it, requests that do not, and what came of them."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.api.doors import operations

EXPLORE = "EXPLORE" in os.environ

_OF_PHASE: dict[str, dict[str, Any]] = {
    "examples": {"fill-missing": True},
    "coverage": {"unexpected-methods": []},
}
_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "response_headers_conformance",
)  # fmt: skip


@dataclass
class Findings:
    """What came of a run: faults in words, how often each operation was asked, the statuses that were met."""

    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)

    def told(self) -> str:
        """All faults, one under another."""
        return "\n\n".join(self.faults.values())


def explore(
    document: dict[str, Any], base: str, token: str, phases: Sequence[str], examples: int = 1
) -> Findings:
    """Ask all of a served document's operations as one caller. Blocks: call it from a thread."""
    config = SchemathesisConfig.from_dict(
        {
            "base-url": base,
            "headers": {"Authorization": f"Bearer {token}"},
            "workers": 1,
            "request-timeout": 60,
            "continue-on-failure": True,
            "generation": {
                "deterministic": not EXPLORE,
                "database": "none",
                "max-examples": 100 if EXPLORE else examples,
                "no-shrink": not EXPLORE,
                "with-security-parameters": False,
            },
            "phases": {
                name: {"enabled": name in phases, **_OF_PHASE.get(name, {})}
                for name in ("examples", "coverage", "fuzzing", "stateful")
            },
            "checks": {"enabled": False} | {name: {"enabled": True} for name in _CHECKS},
        }
    )
    schema = schemathesis.openapi.from_dict(strict(document), config=config)
    found = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(found, event.recorder)
        elif isinstance(event, events.NonFatalError):
            found.faults[event.label, "error"] = f"{event.label}: {event.info.format()}"
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


_LIGHT = {"users": 2, "messages": 4}
"""Made-up people and their messages take time: so many are enough."""


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the answer "any other", so that each status has to be named.

    Without Idempotency-Key, too: the same few keys would get the first answer again and again.
    """
    made = copy.deepcopy(document)
    for schema in made["components"]["schemas"].values():
        for name, most in _LIGHT.items():
            if "maximum" in (field_ := schema.get("properties", {}).get(name, {})):
                field_["maximum"] = most
    for operation in operations(made).values():
        operation["responses"].pop("default", None)
        sent = operation.get("parameters", [])
        operation["parameters"] = [each for each in sent if each["name"] != "Idempotency-Key"]
    return made


def _note(found: Findings, recorder: ScenarioRecorder) -> None:
    for number, case in recorder.cases.items():
        label = case.value.operation.label
        if number in recorder.interactions:
            found.asked[label] = found.asked.get(label, 0) + 1
            response = recorder.interactions[number].response
            found.statuses |= set() if response is None else {response.status_code}
        for failure in _failures(recorder, number):
            answer = recorder.interactions[number].response
            shown = "" if answer is None else f"{answer.status_code} {answer.content[:300]!r}"
            text = (
                f"{label}: {failure.title}\n{failure.message[:800]}\n{case.value.as_curl_command()}\n{shown}"
            )
            found.faults.setdefault((label, failure.title), text)


def _failures(recorder: ScenarioRecorder, number: str) -> Iterator[Failure]:
    checks: Iterable[Any] = recorder.checks.get(number, ())
    for check in checks:
        if check.failure_info is not None:
            yield check.failure_info.failure
