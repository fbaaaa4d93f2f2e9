"""What an endpoint's model refuses, found out by asking and remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Feature = Literal["tools", "images", "image", "stream_options", "stream", "max_tokens", "schema", "system"]

_UNSUPPORTED = re.compile(
    r"not support|n't support|unsupported|only supported|not available|unknown|unrecognized|unexpected|"
    r"not permitted|not allowed|extra (inputs|fields)|additional properties|requires|no endpoints|"
    r"not enabled|not implemented|not a multimodal|at most 0|is invalid|must be (a )?string|"
    r"invalid (parameter|argument|field|value|content type)|cannot (see|read|process)"
)
_NAMED: Mapping[Feature, re.Pattern[str]] = {
    "stream_options": re.compile(r"stream_options|include_usage"),
    "max_tokens": re.compile(r"max_tokens|max_completion_tokens"),
    "schema": re.compile(r"response_format|json_schema|json_object|structured output"),
    "images": re.compile(r"image|vision|multimodal|content type|content.{0,40}must be (a )?string"),
    "tools": re.compile(r"\btools?\b|tool_choice|function.?call"),
    "system": re.compile(r"system (role|message|instruction|prompt)|developer instruction"),
    "stream": re.compile(r"\bstream(ing)?\b"),
}
_BAD_IMAGE = re.compile(
    r"(invalid|unsupported|corrupt\w*) image|image (format|is too|too|could)|process.{0,20}image"
)
_BAD_TOOL = re.compile(r"invalid schema for function|invalid_function_parameters|tool_call_id|'tool_calls'")
_ADAPTABLE = frozenset((200, 400, 404, 405, 415, 422, 500, 501))


@dataclass(slots=True)
class Dialect:
    """What one model behind one endpoint takes; everything until it refuses."""

    tools: bool = True
    images: bool = True
    system: bool = True
    stream: bool = True
    stream_options: bool = True
    tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    schema: Literal["json_schema", "json_object", "prompt"] = "json_schema"

    def drop(self, feature: Feature) -> None:
        """Remember that `feature` was refused."""
        match feature:
            case "tools":
                self.tools = False
            case "images":
                self.images = False
            case "system":
                self.system = False
            case "stream":
                self.stream = False
            case "stream_options":
                self.stream_options = False
            case "max_tokens":
                other = self.tokens_name == "max_tokens"
                self.tokens_name = "max_completion_tokens" if other else "max_tokens"
            case "schema":
                self.schema = "json_object" if self.schema == "json_schema" else "prompt"
            case "image":
                """This image was bad, which says nothing about the model."""


def refused_feature(status: int | None, detail: str, body: Mapping[str, Any]) -> Feature | None:
    """The feature of `body` that the endpoint's words refuse; "image" for one bad image."""
    if status not in _ADAPTABLE:
        return None
    images = _has_images(body)
    if images and _BAD_IMAGE.search(detail) and "does not support" not in detail:
        return "image"
    if not _UNSUPPORTED.search(detail):
        return None
    sent: dict[Feature, bool] = {
        "stream_options": "stream_options" in body,
        "max_tokens": True,
        "schema": "response_format" in body,
        "images": images,
        "tools": "tools" in body and not _BAD_TOOL.search(detail),
        "system": body["messages"][0]["role"] == "system",
        "stream": bool(body.get("stream")),
    }
    return next(
        (feature for feature, there in sent.items() if there and _NAMED[feature].search(detail)), None
    )


def _has_images(body: Mapping[str, Any]) -> bool:
    return any(
        isinstance(message.get("content"), list)
        and any(part.get("type") == "image_url" for part in message["content"])
        for message in body["messages"]
    )
