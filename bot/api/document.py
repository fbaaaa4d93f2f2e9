"""The OpenAPI document: every answer with its headers and an example, every route with what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot import __version__
from bot.api.examples import example_of
from bot.api.schemas import ProblemBody
from bot.api.schemas.sessions import SESSION

_ABOUT: Final = """\
The memory and the talk of a Mnema bot, over HTTP.

Send `Authorization: Bearer <key>`; `mnema api key create` makes one. A key reaches the users and \
conversations of its application, or the one person it is bound to; an admin's reaches all. A user id is \
your own word for a person; digits alone mean that Telegram person.

Times are UTC. Errors are problem documents with a plain sentence. A POST with an `Idempotency-Key` may be \
sent again for a day: it is done once."""

_TAGS: Final[Mapping[str, str]] = {
    "chat": "Ask the bot and get its answer, whole or as it grows.",
    "sessions": "Conversations that an application keeps itself.",
    "conversations": "All conversations, from Telegram and from applications.",
    "messages": "What a reply knew.",
    "memory": "Messages kept for an application, what is known of a user, and a search over all.",
    "memories": "Single memories: of a user, of a conversation, of the house.",
    "knowledge": "A user's documents.",
    "users": "A user as a whole: preferences, numbers, export, erasure.",
    "dialogue": "Unfinished business: what was asked, and until when it stands.",
    "bookings": "What people confirmed.",
    "statistics": "The numbers of the house.",
    "jobs": "The queue, for operators.",
    "test data": "People and talk made up, to see the pages full.",
    "health": "Whether it runs; needs no key.",
}
"""In the order in which a reader wants them."""

_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own word for this request; sent again with it, the first answer comes back.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "examples": ["order-4711"]},
}
_HEADERS: Final[Mapping[str, Any]] = {
    "X-Request-ID": {
        "description": "The request's id in the bot's log; your own, if you sent a harmless one.",
        "schema": {"type": "string", "examples": ["9f86d081884c7d65"]},
    },
    "WWW-Authenticate": {
        "description": "What is missing or wrong with the key.",
        "required": True,
        "schema": {"type": "string", "examples": ['Bearer realm="mnema"']},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "examples": [1]},
    },
    "Retry-Later": {
        "description": "Seconds to wait, where that is known.",
        "schema": {"type": "integer", "minimum": 1, "examples": [1]},
    },
    "Idempotent-Replayed": {
        "description": "`true` where this is the first answer to the same Idempotency-Key again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_PLACES: Final[Mapping[str, Any]] = {
    "conversation_id": SESSION, "session_id": SESSION, "user_id": "anna", "message_id": "4294967297",
}  # fmt: skip
"""What may stand in a path whose route gives no example."""
_OF_STATUS: Final[Mapping[str, Mapping[str, str]]] = {
    "401": {"WWW-Authenticate": "WWW-Authenticate"},
    "409": {"Retry-After": "Retry-Later"},
    "429": {"Retry-After": "Retry-After"},
    "503": {"Retry-After": "Retry-Later"},
}
_NEED_A_KEY: Final = ("401", "403", "429")
_NEED_A_BODY: Final = ("400", "415")
_NEED_A_CHANGE: Final = ("409", "413")


def document(web: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of what the application serves to programs."""
    made = get_openapi(title="Mnema", version=__version__, description=_ABOUT, routes=web.routes)
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = ProblemBody.model_json_schema()
    parts["headers"] = dict(_HEADERS)
    for method, operation in _operations(made):
        _trim(method, operation)
        _tell_parameters(method, operation)
        _tell_headers(method, operation)
        _give_examples(operation, parts["schemas"])
    made["paths"] = dict(sorted(made["paths"].items(), key=_place))
    used = {tag for _, operation in _operations(made) for tag in operation.get("tags", ())}
    made["tags"] = [{"name": tag, "description": text} for tag, text in _TAGS.items() if tag in used]
    return made


def _operations(made: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in made["paths"].values():
        yield from methods.items()


def _place(path: tuple[str, Mapping[str, Any]]) -> int:
    """Where a path stands: with its topic; within it in the order in which it was written."""
    tag = next(iter(path[1].values())).get("tags", [""])[0]
    return list(_TAGS).index(tag) if tag in _TAGS else len(_TAGS)


def _trim(method: str, operation: dict[str, Any]) -> None:
    """Take out the answers that this operation cannot give."""
    never = [
        *(() if operation.get("security") else _NEED_A_KEY),
        *(() if "requestBody" in operation else _NEED_A_BODY),
        *(() if method in ("post", "put", "patch") else _NEED_A_CHANGE),
    ]
    for status in never:
        operation["responses"].pop(status, None)


def _tell_parameters(method: str, operation: dict[str, Any]) -> None:
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY_HEADER)
    for each in operation.get("parameters", ()):
        if each["in"] == "path" and each["name"] in _PLACES:
            each["schema"].setdefault("examples", [_PLACES[each["name"]]])


def _tell_headers(method: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        told = {"X-Request-ID": "X-Request-ID", **_OF_STATUS.get(status, {})}
        if method == "post" and status.startswith("2"):
            told["Idempotent-Replayed"] = "Idempotent-Replayed"
        known = {name: {"$ref": f"#/components/headers/{part}"} for name, part in told.items()}
        response["headers"] = {**known, **response.get("headers", {})}


def _give_examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    sent = operation.get("requestBody", {}).get("content", {})
    for kind, media in sent.items():
        if not kind.startswith("multipart/"):
            _give(media, schemas, brief=True)
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            _give(media, schemas, brief=False)


def _give(media: dict[str, Any], schemas: Mapping[str, Any], *, brief: bool) -> None:
    if "example" not in media and "examples" not in media and media.get("schema"):
        media["example"] = example_of(media["schema"], schemas, brief=brief)
