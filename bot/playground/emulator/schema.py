"""The Bot API's shapes, taken from aiogram's models; aiogram, slow to import, comes at the first call."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.playground.emulator.errors import bad_request
from bot.playground.store import Json

_EMPTY = {"text": "message text is empty", "chat_id": "chat_id is empty"}


@dataclass(frozen=True)
class Shape:
    """A method's name, its parameters' model, and the type of its result."""

    name: str
    model: type[BaseModel]
    nested: frozenset[str]
    result: TypeAdapter[Any]

    def parse(self, raw: Json) -> Json:
        """Decoded and checked parameters. Raises 400 for unknown, missing or malformed ones."""
        unknown = raw.keys() - self.model.model_fields.keys()
        if unknown:
            raise bad_request(f"{self.name} has no parameter {', '.join(sorted(unknown))}")
        decoded = {name: self._decoded(name, value) for name, value in raw.items()}
        try:
            parsed = self.model.model_validate(decoded)
        except ValidationError as error:
            raise bad_request(_first(error)) from None
        return parsed.model_dump(
            mode="json", by_alias=True, exclude_unset=True, exclude_none=True, warnings=False
        )

    def _decoded(self, name: str, value: Any) -> Any:
        if name not in self.nested or not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def check_result(self, result: Any) -> None:
        """Raises `pydantic.ValidationError` when the emulator itself answers wrongly."""
        self.result.validate_python(result)


@cache
def shapes() -> dict[str, Shape]:
    """All methods of the Bot API by lower-case name."""
    from aiogram import methods
    from aiogram.methods.base import TelegramMethod

    found = {}
    for name in methods.__all__:
        model = getattr(methods, name)
        if isinstance(model, type) and issubclass(model, TelegramMethod) and model is not TelegramMethod:
            nested = frozenset(f for f, info in model.model_fields.items() if _is_nested(info.annotation))
            shape = Shape(model.__api_method__, model, nested, TypeAdapter(model.__returning__))
            found[shape.name.lower()] = shape
    return found


@cache
def _update_type() -> TypeAdapter[Any]:
    from aiogram.types import Update

    return TypeAdapter(Update)


def check_update(body: Json) -> None:
    """Raises `pydantic.ValidationError` when the emulator made an update that Telegram could not send."""
    _update_type().validate_python({"update_id": 1, **body})


def _is_nested(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    name = getattr(annotation, "__origin__", None)
    return name in (list, dict) or any(_is_nested(part) for part in get_args(annotation))


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = [str(part) for part in problem["loc"]]
    if problem["type"] == "missing" and len(place) == 1 and place[0] in _EMPTY:
        return _EMPTY[place[0]]
    if place and place[0] in ("entities", "caption_entities"):
        return f"can't parse entities: {'.'.join(place)}: {problem['msg']}"
    return f"{'.'.join(place)}: {problem['msg']}"
