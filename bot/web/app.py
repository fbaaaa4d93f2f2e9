"""The one FastAPI application; the faces give it their routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from bot import __version__
from bot.web import problems
from bot.web.guards import BodyLimit, Failures, KnownHosts, RequestIds, SameOrigin, SecurityHeaders
from bot.web.health import Readiness, always_ready, health_routes

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
MAX_BODY = 64 * 1024 * 1024


def make_web(
    routers: Sequence[APIRouter],
    *,
    allowed_hosts: Sequence[str] = (),
    cors_origins: Sequence[str] = (),
    lifespan: Lifespan | None = None,
    readiness: Readiness = always_ready,
    sentence: problems.Sentence = problems.plain_sentence,
    max_body: int = MAX_BODY,
) -> FastAPI:
    """Build the application.

    `allowed_hosts` are names beside the loopback's own that a Host header may hold ("*": any);
    `cors_origins` are other sites' pages that may call it; `max_body` is in bytes;
    `sentence` says an error of the house to a person.
    """
    app = FastAPI(
        title="Mnema",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=_guards(allowed_hosts, cors_origins, max_body),
    )
    problems.install(app, sentence)
    app.include_router(health_routes(readiness))
    for router in routers:
        app.include_router(router)
    return app


def _guards(hosts: Sequence[str], given: Sequence[str], max_body: int) -> list[Middleware]:
    # Browsers write an origin in lower case and without a slash; people copy it from the address line.
    origins = [origin.strip().lower().rstrip("/") for origin in given]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
        expose_headers=[
            "Content-Disposition", "Idempotent-Replayed", "Location", "Retry-After", "X-Conversation-ID",
            "X-Request-ID",
        ],
    )  # fmt: skip
    return [
        Middleware(RequestIds),
        Middleware(SecurityHeaders),
        Middleware(KnownHosts, allowed=hosts),
        *([cors] if origins else []),
        Middleware(SameOrigin, trusted=origins),
        Middleware(BodyLimit, limit=max_body),
        Middleware(Failures),
    ]
