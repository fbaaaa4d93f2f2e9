"""Faults that can be ordered: refusals, hangs, cut connections, garbage instead of an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.emulator.errors import ApiError, too_many
from bot.playground.store import Json

Kind = Literal["http", "hang", "reset", "garbage"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `accepted` tells whether the method takes effect before it does."""

    kind: Kind
    accepted: bool = False
    status: int = 200
    body: str = ""
    seconds: float = 0.0

    @staticmethod
    def refusal(code: int, description: str, parameters: Json | None = None) -> Fault:
        """An error in the Bot API's own form."""
        return Fault("http", status=code, body=json.dumps(ApiError(code, description, parameters).body()))

    @staticmethod
    def too_many(retry_after: int = 1) -> Fault:
        """429 with retry_after in seconds."""
        error = too_many(retry_after)
        return Fault.refusal(error.code, error.description, error.parameters)

    @staticmethod
    def page(status: int = 502, accepted: bool = False) -> Fault:
        """An HTML page of some proxy instead of JSON."""
        text = f"<html><body><h1>{status} Bad Gateway</h1></body></html>"
        return Fault("http", accepted=accepted, status=status, body=text)

    @staticmethod
    def hang(seconds: float, accepted: bool = False) -> Fault:
        """Silence for so many seconds, then the connection is cut."""
        return Fault("hang", accepted=accepted, seconds=seconds)

    @staticmethod
    def reset(accepted: bool = False) -> Fault:
        """The connection is cut, before or after the method took effect."""
        return Fault("reset", accepted=accepted)

    @staticmethod
    def garbage(accepted: bool = True) -> Fault:
        """200 with a body that nobody can decode."""
        return Fault("garbage", accepted=accepted, body='{"ok": true, "result": {"message_id"')


@dataclass
class Rule:
    """A fault for the next `times` calls of a method ("*": any but getUpdates), in one chat or in all."""

    method: str
    fault: Fault
    chat_id: int | None = None
    times: int | None = 1
    after: int = 0
    used: int = 0
    number: int = 0
    name: str = ""

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it was ordered."""
        return self.times is not None and self.used >= self.times

    def json(self) -> Json:
        """The order as the page shows it."""
        fault = vars(self.fault) | {"body": self.fault.body[:200]}
        shown = ("number", "name", "method", "chat_id", "times", "used", "spent")
        return {name: getattr(self, name) for name in shown} | {"fault": fault}

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Whether a call falls under this rule."""
        if self.spent:
            return False
        named = method != "getUpdates" if self.method == "*" else method.lower() == self.method.lower()
        return named and self.chat_id in (None, chat_id)


@dataclass
class Faults:
    """The queue of ordered faults."""

    rules: list[Rule] = field(default_factory=list)
    ordered: int = 0

    def add(
        self, method: str, fault: Fault, *, chat_id: int | None = None, times: int | None = 1, after: int = 0
    ) -> Rule:
        """Order a fault; `times=None` means until cleared, `after` lets so many calls pass first."""
        self.ordered += 1
        rule = Rule(method, fault, chat_id, times, after, number=self.ordered)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Take all orders back."""
        self.rules.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that strikes this call, counted as used."""
        for rule in self.rules:
            if rule.matches(method, chat_id):
                if rule.after > 0:
                    rule.after -= 1
                    continue
                rule.used += 1
                return rule.fault
        return None
