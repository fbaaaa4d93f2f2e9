"""The routes of the API as a stranger finds them: what each needs, and every place where an id is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts

from bot.api.access import requirement
from bot.api.mount import api_routers
from bot.web.app import make_web

FREE = {"/livez", "/readyz", "/openapi.json", "/docs", "/docs/static/{path}"}
PUBLIC = {"response_to", "context_type"}
"""Names in paths and bodies that by themselves are nobody's."""

Ids = Mapping[str, str]


@dataclass(frozen=True)
class Door:
    """A route with one of its methods; `operation` is what the document says of it."""

    method: str
    path: str
    right: str
    operation: Mapping[str, Any]

    @property
    def sent(self) -> Any:
        """The document's own example of the body."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    @property
    def filters(self) -> list[str]:
        """The ids that its query takes."""
        asked = self.operation.get("parameters", ())
        return [each["name"] for each in asked if each["in"] == "query" and is_id(each["name"])]

    def fields(self, document: Mapping[str, Any]) -> list[str]:
        """The ids that its body takes."""
        content = self.operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return [name for name in schema.get("properties", {}) if is_id(name)]


def operations(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The document's operations by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def is_id(name: str) -> bool:
    """Whether a name in the document names something of somebody."""
    return name.endswith("_id") and name not in PUBLIC


def routes() -> Iterator[tuple[str, Any]]:
    """All but those that need no key."""
    for found in iter_route_contexts(make_web(api_routers()).routes):
        path = found.path_format or ""
        if path not in FREE and not path.endswith("/health"):
            yield path, found


def doors(document: Mapping[str, Any]) -> list[Door]:
    """Every route with every method of it."""
    found = []
    for path, route in routes():
        declared = requirement(route.dependant)
        assert declared is not None, f"{path} declares no right"
        for method in sorted(route.methods):
            told = document["paths"].get(path) or document["paths"][f"{path}/"]
            found.append(Door(method, path, declared.right, told[method.lower()]))
    return found


def naming(value: Any, ids: Ids) -> Any:
    """An example with all ids in it replaced, however deep they stand."""
    if isinstance(value, dict):
        return {name: ids.get(name, naming(inner, ids)) for name, inner in value.items()}
    return [naming(inner, ids) for inner in value] if isinstance(value, list) else value
