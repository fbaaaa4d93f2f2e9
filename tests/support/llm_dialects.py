"""How the servers of the field differ from one another: what they refuse and how they stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from tests.support.llm_steps import Body, HttpError, openai_error

KNOWN = frozenset(
    """
    model messages stream stream_options tools tool_choice parallel_tool_calls max_tokens temperature top_p n
    max_completion_tokens stop seed user response_format frequency_penalty presence_penalty logit_bias
    logprobs top_logprobs store metadata reasoning_effort service_tier prompt_cache_key verbosity
    safety_identifier
    """.split()  # noqa: SIM905 - thirty lines of quotes read worse
)
ROLES = frozenset(("system", "developer", "user", "assistant", "tool"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server. Defaults are the strict modern one."""

    name: str
    template: bool = False
    tools: bool = True
    vision: bool = True
    stream_options: Literal["honour", "ignore", "refuse"] = "honour"
    usage: bool = True
    tool_deltas: Literal["pieces", "chars", "whole"] = "pieces"
    reasoning: bool = False
    refused_name: Literal["max_tokens", "max_completion_tokens"] | None = None

    def refusal(self, body: Any) -> HttpError | None:
        """What this server refuses in a request's body, or None."""
        return _malformed(body) or _unfit(self, body)


DIALECT: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("openai"),
        Dialect("vllm-template", template=True),
        Dialect("ollama-no-tools", tools=False),
        Dialect("no-usage", stream_options="ignore", usage=False),
        Dialect("refuses-stream-options", stream_options="refuse"),
        Dialect("split-tool-deltas", tool_deltas="chars"),
        Dialect("whole-tool-call", tool_deltas="whole"),
        Dialect("reasoning-fields", reasoning=True),
        Dialect("no-vision", vision=False),
        Dialect("legacy-max-tokens", refused_name="max_completion_tokens"),
        Dialect("max-completion-tokens", refused_name="max_tokens"),
    )
}
DIALECTS: tuple[str, ...] = tuple(DIALECT)


def bad_request(message: str, code: str | None = None) -> HttpError:
    """A 400 in the usual form."""
    return HttpError(400, openai_error(message, code=code))


def _malformed(body: Any) -> HttpError | None:
    if not isinstance(body, dict):
        return bad_request("We could not parse the JSON body of your request.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return bad_request("you must provide a model parameter")
    if unknown := sorted(set(body) - KNOWN):
        return bad_request(f"Unrecognized request argument supplied: {unknown[0]}", "unknown_parameter")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return bad_request("Invalid 'messages': empty array. Expected an array with minimum length 1.")
    if body.get("tools") == []:
        return bad_request("Invalid 'tools': empty array. Expected an array with minimum length 1.")
    if "stream_options" in body and not body.get("stream"):
        return bad_request("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    if "max_tokens" in body and "max_completion_tokens" in body:
        return bad_request(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        )
    return _malformed_messages(messages)


def _malformed_messages(messages: list[Any]) -> HttpError | None:
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            return bad_request(f"Invalid value: 'messages[{number}].role'.", "invalid_value")
        role = message["role"]
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                return bad_request("messages with role 'tool' must follow a message with their 'tool_calls'.")
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            return bad_request(
                "An assistant message with 'tool_calls' must be followed by an answer to each."
            )
        open_calls = (
            {call["id"] for call in message.get("tool_calls") or ()} if role == "assistant" else set()
        )
        if message.get("content") is None and not open_calls:
            return bad_request(
                f"Invalid value for 'content' in messages[{number}]: expected a string, got null."
            )
    return bad_request("The last 'tool_calls' have not been answered.") if open_calls else None


def _unfit(dialect: Dialect, body: Body) -> HttpError | None:
    checks: tuple[tuple[bool, Callable[[Body], HttpError | None]], ...] = (
        (dialect.template, _template_refusal),
        (not dialect.tools, _tools_refusal),
        (not dialect.vision, _vision_refusal),
        (dialect.stream_options == "refuse", _stream_options_refusal),
    )
    for applies, check in checks:
        if applies and (refused := check(body)):
            return refused
    if dialect.refused_name is not None and dialect.refused_name in body:
        other = "max_tokens" if dialect.refused_name == "max_completion_tokens" else "max_completion_tokens"
        return bad_request(
            f"Unsupported parameter: '{dialect.refused_name}' is not supported with this model. "
            f"Use '{other}' instead.",
            "unsupported_parameter",
        )
    return None


def _template_refusal(body: Body) -> HttpError | None:
    roles = [m["role"] for m in body["messages"]]
    if any(role in ("system", "developer") for role in roles[1:]):
        return _flat("System message must be at the beginning.")
    turns = [role for role in roles if role not in ("system", "developer")]
    turns = turns[:1] + [b for a, b in pairwise(turns) if not a == b == "tool"]
    follows = {"user": ("assistant",), "assistant": ("user", "tool"), "tool": ("assistant",)}
    if turns[:1] != ["user"] or any(b not in follows[a] for a, b in pairwise(turns)):
        return _flat(
            "After the optional system message, conversation roles must alternate user/assistant/..."
        )
    return None


def _flat(message: str) -> HttpError:
    # This family of servers sends its error without the usual envelope.
    return HttpError(
        400, {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}
    )


def _tools_refusal(body: Body) -> HttpError | None:
    if "tools" not in body:
        return None
    return HttpError(
        400, openai_error(f"registry.ollama.ai/library/{body['model']} does not support tools", "api_error")
    )


def _vision_refusal(body: Body) -> HttpError | None:
    for message in body["messages"]:
        content = message.get("content")
        if isinstance(content, list) and any(part.get("type") == "image_url" for part in content):
            return bad_request("Invalid content type. image_url is only supported by certain models.")
    return None


def _stream_options_refusal(body: Body) -> HttpError | None:
    if "stream_options" not in body:
        return None
    return bad_request("unknown field stream_options: Extra inputs are not permitted")
