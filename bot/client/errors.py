"""What can go wrong for a client; each error's text is the sentence that the server said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ChatMemoryError(Exception):
    """A refusal of the server. `status` is HTTP's, `type` a word for programs, `field` what did not fit."""

    def __init__(
        self, detail: str, status: int | None = None, type_: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(detail)
        self.detail, self.status, self.type, self.field = detail, status, type_, field
        self.retry_after: float | None = None
        """Seconds after which the server likes to be asked again."""


class NotFound(ChatMemoryError):
    """Unknown, or somebody else's."""


class NotAllowed(ChatMemoryError):
    """No key, a wrong one, or one without the right."""


class Invalid(ChatMemoryError):
    """A value does not fit; `field` names it."""


class Unreachable(ChatMemoryError):
    """Nobody answered, also when asked again."""


_KINDS: Mapping[int, type[ChatMemoryError]] = {
    401: NotAllowed, 403: NotAllowed, 404: NotFound, 413: Invalid, 415: Invalid, 422: Invalid,
}  # fmt: skip


def error_of(status: int, body: Any) -> ChatMemoryError:
    """The error that an answer stands for, whether a problem document or something of a proxy."""
    told = body if isinstance(body, Mapping) else {}
    detail = str(told.get("detail") or f"The server answered with status {status}.")
    return _KINDS.get(status, ChatMemoryError)(detail, status, told.get("type"), told.get("field"))
