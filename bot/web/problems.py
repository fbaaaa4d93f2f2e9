"""Every error leaves as `application/problem+json` (RFC 9457) with a plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot.core.errors import (
    ConfigError,
    DeliveryError,
    FileUnavailable,
    Invalid,
    LLMError,
    MnemaError,
    NotAllowed,
    NotFound,
    RetryLater,
)

Sentence = Callable[[MnemaError], str]

_LLM_STATUS = {
    "rate_limited": 503,
    "quota": 503,
    "spend_limit": 503,
    "no_model": 503,
    "timeout": 504,
    "too_large": 413,
    "refused": 422,
}
_SENTENCES = {
    "error.not_found": "There is no such thing here.",
    "error.not_allowed": "You are not allowed to do that.",
    "error.invalid": "This value does not fit.",
    "error.file": "The file is gone or too large.",
    "error.delivery": "The message could not be delivered.",
    "error.config": "The settings of the bot do not fit; its log says which.",
    "error.llm.auth": "The model's endpoint refused the key.",
    "error.llm.quota": "The model's endpoint says that the account has no credit left.",
    "error.llm.not_found": "The endpoint does not know this model, or the address is not its API's.",
    "error.llm.too_large": "This is too long for the model.",
    "error.llm.rate_limited": "The model's endpoint is asked too often; try again in a moment.",
    "error.llm.timeout": "The model took too long to answer.",
    "error.llm.unavailable": "The model's endpoint cannot be reached.",
    "error.llm.bad_response": "The endpoint answered with something that is no model's answer.",
    "error.llm.refused": "The model refused to answer.",
    "error.llm.spend_limit": "Today's spend limit is reached.",
    "error.llm.no_model": "No language model is configured.",
}


class Problem(Exception):
    """A refusal with its status and sentence, raised anywhere in a route.

    `code` is a word for programs; it becomes the problem's `type` as `urn:mnema:<code>`.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.code, self.headers, self.extra = status, detail, code, headers, extra


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """The response for one problem; `extra` adds members such as `field`."""
    body: dict[str, Any] = {
        "type": f"urn:mnema:{code}" if code else "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        **extra,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def plain_sentence(error: MnemaError) -> str:
    """What a person may read of an error; never its text for the log."""
    return _SENTENCES.get(error.user_key, "Something went wrong in the bot; its log has the details.")


def status_of(error: MnemaError) -> int:
    """The HTTP status that an error of the house means."""
    match error:
        case NotFound() | FileUnavailable():
            return 404
        case NotAllowed():
            return 403
        case Invalid():
            return 422
        case LLMError():
            return _LLM_STATUS.get(error.kind, 502)
        case DeliveryError():
            return 502
        case RetryLater():
            return 503
        case _:
            return 500


def install(app: FastAPI, sentence: Sentence) -> None:
    """Teach the application to answer every kind of error as a problem."""

    async def from_house(_request: Request, error: Exception) -> Response:
        assert isinstance(error, MnemaError)
        return problem_of(error, sentence)

    app.add_exception_handler(MnemaError, from_house)
    app.add_exception_handler(Problem, _from_problem)
    app.add_exception_handler(HTTPException, _from_http)
    app.add_exception_handler(RequestValidationError, _from_validation)


def problem_of(error: MnemaError | Problem, sentence: Sentence = plain_sentence) -> JSONResponse:
    """The response for an error, also where no handler of the application stands (inside a stream)."""
    if isinstance(error, Problem):
        return problem(error.status, error.detail, code=error.code, headers=error.headers, **error.extra)
    extra = {"field": error.params["field"]} if "field" in error.params else {}
    wait = getattr(error, "retry_after", None) or getattr(error, "seconds", None)
    headers = {"Retry-After": str(max(1, round(wait)))} if wait else None
    code = None if isinstance(error, ConfigError) else error.user_key.removeprefix("error.")
    return problem(status_of(error), sentence(error), code=code, headers=headers, **extra)


async def _from_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_of(error)


async def _from_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: "There is no such page.", 405: "This address does not take that method."}
    detail = str(error.detail)
    if detail == "There was an error parsing the body":
        detail = "The body cannot be read: it is not UTF-8."
    elif detail == _title(error.status_code):
        detail = known.get(error.status_code, f"{detail}.")
    return problem(error.status_code, detail, headers=error.headers)


async def _from_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [_invalid(item) for item in error.errors()]
    first = found[0]
    detail = f"{first['field']}: {first['detail']}." if first["field"] else f"{first['detail']}."
    return problem(422, detail, code="invalid", field=first["field"], errors=found)


def _invalid(item: Mapping[str, Any]) -> dict[str, str]:
    # The refused value itself stays out: it may be a secret.
    place, *path = [str(part) for part in item["loc"]]
    if item["type"] == "json_invalid":
        return {"field": "", "detail": "The body is not valid JSON"}
    field = ".".join(path) or ("" if place == "body" else place)
    text = str(item["msg"]).removeprefix("Value error, ")
    return {"field": field, "detail": text.rstrip(".")}


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
