"""The OpenAPI document: whole, in order, and with examples that are what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from bot.api.examples import UNSAID
from bot.app.api import api_document
from tests.api.doors import operations

OPEN = {"GET /livez", "GET /readyz", "GET /api/v1/chat/health"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return api_document()


def test_it_is_whole(document: dict[str, Any]) -> None:
    parts = document["components"]
    for reference in set(_references(document)):
        _, _, kind, name = reference.split("/")
        assert name in parts[kind], reference
    assert "HTTPValidationError" not in json.dumps(document)
    assert parts["securitySchemes"]["bearer"]["scheme"] == "bearer"
    found = operations(document)
    ids = [operation["operationId"] for operation in found.values()]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_does_and_needs(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        answers = operation["responses"].keys()
        assert operation["description"].strip().endswith("."), name
        assert len(operation["tags"]) == 1, name
        # What the framework makes of a function's name begins each word with a capital, or is one word.
        assert " " in operation["summary"], name
        assert not operation["summary"].istitle(), name
        if name in OPEN:
            assert "security" not in operation, name
            assert not {"401", "403"} & answers, name
        else:
            assert operation["security"] == [{"bearer": []}], name
            assert {"401", "403", "404", "421", "422", "429", "503", "default"} <= answers, name
            assert "Retry-After" in operation["responses"]["429"]["headers"], name
            assert "WWW-Authenticate" in operation["responses"]["401"]["headers"], name
        if name.startswith("POST"):
            assert "Idempotency-Key" in [p["name"] for p in operation["parameters"]], name
        assert ("415" in answers) == ("requestBody" in operation), name


def test_tags_are_told_and_in_order(document: dict[str, Any]) -> None:
    told = [tag["name"] for tag in document["tags"]]
    used = [operation["tags"][0] for operation in operations(document).values()]
    assert list(dict.fromkeys(used)) == told, "a tag stands apart from its like, or bot.api.document lacks it"
    assert all(tag["description"] for tag in document["tags"])


def test_every_body_has_an_example_and_the_example_fits(document: dict[str, Any]) -> None:
    seen = 0
    for place, media in _bodies(document):
        assert "example" in media, place
        assert UNSAID not in json.dumps(media["example"], ensure_ascii=False), (
            f"{place}: say a text's example"
        )
        if "schema" in media:
            whole = {**media["schema"], "components": document["components"]}
            jsonschema_rs.validator_for(whole, validate_formats=True).validate(media["example"])
            seen += 1
    assert seen > len(operations(document))


def test_every_place_in_a_path_and_every_header_has_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        for each in operation.get("parameters", []):
            if each["in"] == "path":
                value = each["schema"]["examples"][0]
                jsonschema_rs.validator_for(each["schema"]).validate(value)
            assert each["in"] != "query" or each["schema"], name
    for name, header in document["components"]["headers"].items():
        assert header["schema"].get("examples") or header["schema"].get("enum"), name


def _bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations(document).items():
        sent = operation.get("requestBody", {}).get("content", {})
        for kind, media in sent.items():
            if not kind.startswith("multipart/"):
                yield f"{name} takes {kind}", media
        for status, answer in operation["responses"].items():
            assert answer["description"], f"{name} {status}"
            assert status == "204" or answer["content"], f"{name} {status}"
            for kind, media in answer.get("content", {}).items():
                yield f"{name} {status} {kind}", media


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in _references(value)]
    return [ref for value in part for ref in _references(value)] if isinstance(part, list) else []
