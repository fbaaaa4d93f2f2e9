"""One call of a Bot API method, and the registry of the methods that the emulator knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.playground.emulator.errors import bad_request
from bot.playground.emulator.files import Upload
from bot.playground.records import BotAccount
from bot.playground.store import Json

if TYPE_CHECKING:
    from bot.playground.emulator.core import Emulator


@dataclass(frozen=True)
class Call:
    """A checked call: parameters as JSON values, uploads by the name of their form part."""

    bot: BotAccount
    method: str
    params: Json
    uploads: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or the default."""
        return self.params.get(name, default)

    def need(self, name: str) -> Any:
        """A parameter that this use of the method cannot do without. Raises 400."""
        if name not in self.params:
            raise bad_request(f"{name} is empty")
        return self.params[name]


@dataclass(frozen=True)
class RequestRecord:
    """A call as it came in, with what went out; `status` 0 stands for a cut connection."""

    method: str
    params: Json
    at: datetime
    seconds: float
    status: int
    response: Json | str


Handler = Callable[["Emulator", Call], Awaitable[Any]]
HANDLERS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Register the handler of a Bot API method."""

    def register(handler: Handler) -> Handler:
        HANDLERS[name.lower()] = handler
        return handler

    return register
