"""Makes a prompt that a given model takes: strict order of roles, nothing in it that the model refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.llm import LLMRequest, Message
from bot.llm.dialects import Dialect

NO_IMAGE = "[image not shown: the model cannot see]"
_OPENING = "…"


def request_body(request: LLMRequest, model: str, dialect: Dialect, *, images: bool) -> dict[str, Any]:
    """The JSON body of one attempt; `images` false hides them whatever the dialect says."""
    messages = list(request.messages)
    body: dict[str, Any] = {"model": model, dialect.tokens_name: request.max_tokens}
    if request.schema is not None:
        if dialect.schema == "json_schema":
            body["response_format"] = _json_schema(request.schema)
        else:
            messages.insert(0, {"role": "system", "content": _schema_words(request.schema)})
        if dialect.schema == "json_object":
            body["response_format"] = {"type": "json_object"}
    tools = bool(request.tools) and dialect.tools
    if tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": t.name, "description": t.description, "parameters": dict(t.parameters)},
            }
            for t in request.tools
        ]
    if dialect.stream:
        body["stream"] = True
        if dialect.stream_options:
            body["stream_options"] = {"include_usage": True}
    body["messages"] = arrange(
        messages, images=images and dialect.images, tool_turns=dialect.tools, system=dialect.system
    )
    return body


def arrange(
    messages: Sequence[Message], *, images: bool = True, tool_turns: bool = True, system: bool = True
) -> list[Message]:
    """One system message first, then user and assistant in turn: what the strictest chat template takes."""
    turns = [_clean(m, images) for m in messages]
    if not tool_turns:
        turns = [_without_tools(m) for m in turns]
    head = [m for m in turns if m["role"] in ("system", "developer")]
    rest = [m for m in turns if m["role"] not in ("system", "developer") and _says_something(m)]
    if not rest or rest[0]["role"] != "user":
        rest.insert(0, {"role": "user", "content": _OPENING})
    if head and not system:
        rest.insert(0, {"role": "user", "content": _joined(head)})
    arranged: list[Message] = [{"role": "system", "content": _joined(head)}] if head and system else []
    for message in rest:
        if arranged and _mergeable(arranged[-1], message):
            arranged[-1] = {**arranged[-1], "content": _merge(arranged[-1]["content"], message["content"])}
        else:
            arranged.append(message)
    return arranged


def has_images(messages: Sequence[Message]) -> bool:
    """Whether any message shows an image."""
    return any(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


def _clean(message: Message, images: bool) -> Message:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": _encodable(content)}
    if not isinstance(content, list):
        return message
    parts = [_clean_part(part, images) for part in content]
    if all(part.get("type") == "text" for part in parts):
        return {**message, "content": "\n".join(part["text"] for part in parts)}
    return {**message, "content": parts}


def _clean_part(part: dict[str, Any], images: bool) -> dict[str, Any]:
    if part.get("type") == "image_url" and not images:
        return {"type": "text", "text": NO_IMAGE}
    return {**part, "text": _encodable(part["text"])} if part.get("type") == "text" else part


def _encodable(text: str) -> str:
    """Lone surrogates cannot be sent as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _without_tools(message: Message) -> Message:
    if message["role"] == "tool":
        return {"role": "user", "content": f"[tool result: {message.get('content') or ''}]"}
    if not message.get("tool_calls"):
        return message
    names = ", ".join(str(call.get("function", {}).get("name")) for call in message["tool_calls"])
    said = message.get("content") or ""
    return {"role": message["role"], "content": f"{said}\n[called: {names}]".strip()}


def _says_something(message: Message) -> bool:
    return bool(message.get("content") or message.get("tool_calls")) or message["role"] == "tool"


def _mergeable(one: Message, other: Message) -> bool:
    plain = all(set(message) <= {"role", "content"} for message in (one, other))
    return plain and one["role"] == other["role"] and one["role"] in ("user", "assistant")


def _merge(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}"
    return [*_as_parts(one), *_as_parts(other)]


def _as_parts(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def _joined(messages: Sequence[Message]) -> str:
    return "\n\n".join(str(m["content"]) for m in messages if m.get("content"))


def _json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    named = {"name": "answer", "schema": dict(schema), "strict": _strict(schema)}
    return {"type": "json_schema", "json_schema": named}


def _strict(schema: Any) -> bool:
    """Whether the schema has the form that a strict endpoint demands: closed objects, all fields required."""
    if isinstance(schema, Mapping):
        if schema.get("type") == "object":
            closed = schema.get("additionalProperties") is False
            if not closed or set(schema.get("required", ())) != set(schema.get("properties", ())):
                return False
        return all(map(_strict, schema.values()))
    return all(map(_strict, schema)) if isinstance(schema, list) else True


def _schema_words(schema: Mapping[str, Any]) -> str:
    return (
        "Answer with one JSON value that conforms to this JSON schema, and with nothing else:\n"
        + json.dumps(schema, ensure_ascii=False, default=dict)
    )
