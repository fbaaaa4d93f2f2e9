"""What routes call: the product's services, found by their class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from bot.web.problems import Problem

T = TypeVar("T")


class Services:
    """One object a class. A playground's web server is open before its bot: until then there are none."""

    def __init__(self, *given: object) -> None:
        self._by_class: dict[type[Any], object] = {}
        self.add(*given)

    def add(self, *given: object) -> None:
        """Make objects known under their classes."""
        self._by_class |= {type(one): one for one in given}

    def get(self, kind: type[T]) -> T:
        """The object of a class. Raises Problem (503) while it is not there."""
        found = self._by_class.get(kind)
        if found is None:
            raise Problem(503, "The bot is still starting.", code="starting", headers={"Retry-After": "1"})
        return cast("T", found)


def provide(web: FastAPI, services: Services) -> None:
    """Let the routes of an application find the services."""
    web.state.mnema = services


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that a request came to; none where nothing was provided."""
    found = getattr(connection.app.state, "mnema", None)
    return found if isinstance(found, Services) else Services()


def service(kind: type[T]) -> Callable[[HTTPConnection], T]:
    """A dependency: `Annotated[Thing, Depends(service(Thing))]`."""

    def find(connection: HTTPConnection) -> T:
        return services_of(connection).get(kind)

    return find
