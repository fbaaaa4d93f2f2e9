"""One family of errors: a key for the person's sentence, a text for the log."""

from __future__ import annotations

from typing import Any, Literal

LLMErrorKind = Literal[
    "auth",
    "quota",
    "not_found",
    "too_large",
    "rate_limited",
    "timeout",
    "unavailable",
    "bad_response",
    "refused",
    "spend_limit",
    "no_model",
]


class MnemaError(Exception):
    """Base of all errors that a face may show.

    `user_key` is a message id of the translations with `params` for its placeholders;
    `str(error)` is for the log and never reaches a person.
    """

    user_key = "error.internal"

    def __init__(self, log: str = "", *, user_key: str | None = None, **params: Any) -> None:
        super().__init__(log or self.__class__.__name__)
        if user_key is not None:
            self.user_key = user_key
        self.params = params


class ConfigError(MnemaError):
    """The settings cannot work; the text is one sentence with what to do. Exit code 2."""

    user_key = "error.config"


class Occupied(ConfigError):
    """Another process works on the same data and nobody else may."""


class NotFound(MnemaError):
    """There is no such thing, or it belongs to somebody else: the two are not told apart."""

    user_key = "error.not_found"


class NotAllowed(MnemaError):
    """The asker may not do that."""

    user_key = "error.not_allowed"


class Invalid(MnemaError):
    """Bad input; `params["field"]` names it where there is one."""

    user_key = "error.invalid"


class LLMError(MnemaError):
    """A model call failed for good, retries and fallbacks included.

    `kind` tells why, `retry_after` (seconds) when it may work again, `partial` what had been written.
    """

    def __init__(
        self, kind: LLMErrorKind, log: str = "", *, retry_after: float | None = None, partial: str = ""
    ) -> None:
        super().__init__(log or kind, user_key=f"error.llm.{kind}")
        self.kind: LLMErrorKind = kind
        self.retry_after = retry_after
        self.partial = partial


class DeliveryError(MnemaError):
    """An answer could not be shown.

    `retry_after` (seconds) is set when it is worth trying again; None means never (blocked, kicked, gone).
    """

    user_key = "error.delivery"

    def __init__(self, log: str, *, retry_after: float | None = None) -> None:
        super().__init__(log)
        self.retry_after = retry_after


class FileUnavailable(MnemaError):
    """A file at the platform is gone or larger than allowed."""

    user_key = "error.file"


class RetryLater(MnemaError):
    """A job should run again after `seconds`; its lane waits for it."""

    def __init__(self, log: str, seconds: float) -> None:
        super().__init__(log)
        self.seconds = seconds
