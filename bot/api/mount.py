"""Putting the API into the one web application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from bot.api.docs import docs_routes, document_with
from bot.api.routes import ROUTERS
from bot.api.services import Services, provide


def api_routers() -> list[APIRouter]:
    """Everything to be given to `make_web`."""
    return [*ROUTERS, docs_routes()]


def mount(web: FastAPI, services: Services) -> None:
    """Give the routes of an application their services, and the application its document."""
    provide(web, services)
    document_with(web)
