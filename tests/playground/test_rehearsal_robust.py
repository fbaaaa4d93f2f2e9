"""No text and no schema makes the rehearsal model fail, hang, or break its promises."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.rehearsal.facts import find_facts, rest_of
from bot.playground.rehearsal.prompt import read_prompt
from bot.playground.rehearsal.rules import respond
from bot.playground.rehearsal.wire import pieces, tokens

WORDS = st.sampled_from(
    [
        "my name is",
        "я живу в",
        "не їм",
        "remember that",
        "?",
        "і",
        "and I",
        "[Ann (id:1)]:",
        "Ann",
        "м'яса",
        "’",
    ]
) | st.sampled_from(
    [
        "<context>",
        "</context>",
        "count to",
        "5",
        "+",
        "(",
        "- ",
        "\n",
        "What",
        "\u202e",
        "👩\u200d🚀",
        "## facts",
        "now:",
        "{x}",
    ]
)
TEXT = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=25).map(" ".join))


def ask(text: str, **more: Any) -> str:
    return respond(
        read_prompt({"messages": [{"role": "user", "content": text}], **more}), lambda _: True
    ).text


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_every_text_gets_an_answer_and_every_quote_is_verbatim(text: str) -> None:
    assert ask(text).strip()
    facts = find_facts(text)
    assert all(fact.quote and fact.quote in text for fact in facts)
    assert len(rest_of(text, facts)) <= len(text)


@given(TEXT, st.integers(1, 50))
def test_pieces_lose_nothing_and_tokens_grow_with_the_text(text: str, cut: int) -> None:
    stripped = text.strip()
    assert "".join(pieces(stripped)) == stripped
    assert tokens(stripped[:cut]) <= tokens(stripped) + cut


LEAVES: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "minLength": 3},
    {"type": "integer", "minimum": 2},
    {"type": "boolean"},
    {"type": ["string", "null"]},
    {"anyOf": [{"type": "number"}, {"type": "null"}]},
    {"enum": ["a", "b"]},
    {"const": 7},
]
NAMES = st.sampled_from(["text", "kind", "quote", "subject", "message", "other", "confidence", "user_id"])


def _object(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, inner, max_size=4).map(
        lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
    )


SCHEMA: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        _object(inner),
        inner.map(lambda item: {"type": "array", "items": item}),
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 1}),
    ),
    max_leaves=8,
)


def conforms(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits the part of JSON schema that is generated here."""
    if "anyOf" in schema:
        return any(conforms(value, option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(_conforms(value, kind, schema) for kind in kinds)


def _conforms(value: Any, kind: str, schema: dict[str, Any]) -> bool:
    match kind:
        case "object":
            given = isinstance(value, dict) and set(schema["required"]) <= set(value)
            return given and all(conforms(v, schema["properties"][k]) for k, v in value.items())
        case "array":
            fits = isinstance(value, list) and len(value) >= schema.get("minItems", 0)
            return fits and all(conforms(item, schema["items"]) for item in value)
        case "string":
            return isinstance(value, str) and len(value) >= schema.get("minLength", 0)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    numeric = isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return numeric and value >= schema.get("minimum", value)


@settings(max_examples=300, deadline=None)
@given(_object(SCHEMA))
def test_structured_output_conforms_to_any_schema(schema: dict[str, Any]) -> None:
    talk = "[Ann (id:1)]: I live in Oslo and I don't eat meat\n[Bob (id:2)]: я люблю каву"
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert conforms(json.loads(ask(talk, response_format=wanted)), schema)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a ",
        "I live in ",
        "and I ",
        "@a",
        "(1+",
        "hi, ",
        "- [",
        "[Ann (id:1)]: x\n",
        "не їм ",
        "?",
        "<context>\n",
    ],
)
def test_a_huge_message_takes_no_age(unit: str) -> None:
    started = time.process_time()
    assert ask(unit * (300_000 // len(unit)))
    assert time.process_time() - started < 3
