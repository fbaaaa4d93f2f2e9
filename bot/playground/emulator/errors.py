"""Refusals of the Bot API, worded as Telegram words them."""

from __future__ import annotations

from bot.playground.store import Json


class ApiError(Exception):
    """A method was refused: HTTP code, description, and parameters such as retry_after (seconds)."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> Json:
        """The JSON that goes out."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


class ActionRefused(ValueError):
    """A person of the playground tried what their client would not let them do.

    The page finds its own sentence by `code` and fills `params` in; the text here is for programs and logs.
    """

    def __init__(self, sentence: str, code: str, **params: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.params = params


def bad_request(text: str) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {text}")


def forbidden(text: str) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {text}")


def too_many(retry_after: int) -> ApiError:
    """429; `retry_after` in seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
