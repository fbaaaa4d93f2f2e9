"""The errors in the document: what each status means, with an example of its problem."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

Answers = Mapping[int | str, dict[str, Any]]

_LOST = "Something went wrong in the bot; its log has the details under this request's id."


def _told(meaning: str, status: int, code: str | None, detail: str, **more: str) -> dict[str, Any]:
    problem = {
        "type": f"urn:mnema:{code}" if code else "about:blank", "title": HTTPStatus(status).phrase,
        "status": status, "detail": detail, **more,
    }  # fmt: skip
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem}
    return {"description": meaning, "content": {"application/problem+json": media}}


# fmt: off
PROBLEMS: Final[Answers] = {
    400: _told("The body cannot be read.", 400, None, "The body cannot be read: it is not UTF-8."),
    401: _told("No key, or one that is not taken.", 401, "no_key",
               "An API key is needed: Authorization: Bearer <key>."),
    403: _told("The key lacks the scope.", 403, "scope", "This needs a key with the scope write.",
               scope="write"),
    404: _told("Unknown, or somebody else's.", 404, "not_found", "There is no such thing here."),
    409: _told("It does not fit what is there.", 409, "in_flight",
               "The first request with this key is still being answered."),
    413: _told("The body is too large.", 413, None, "The body is larger than 65536 KiB."),
    415: _told("The body is of the wrong kind.", 415, "not_json",
               "The body must be JSON: send Content-Type: application/json."),
    421: _told("The host name is not the bot's.", 421, "unknown_host",
               "This host name is not one of ours; open http://localhost or a configured name."),
    422: _told("A value does not fit; `field` names it.", 422, "invalid",
               "limit: Input should be less than or equal to 500.", field="limit"),
    429: _told("Too many requests; Retry-After tells how long to wait.", 429, "too_many",
               "Too many requests of this caller."),
    503: _told("Not now; try again in a moment.", 503, "starting", "The bot is still starting."),
    "default": _told("Any other failure.", 500, None, _LOST),
}
"""The errors that every route may answer with."""

MODEL_PROBLEMS: Final[Answers] = {
    502: _told("The model's endpoint failed.", 502, "llm.auth", "The model's endpoint refused the key."),
    504: _told("The model did not answer in time.", 504, "llm.timeout",
               "The model took too long to answer."),
}
"""The further errors of a route that asks the model."""
# fmt: on
