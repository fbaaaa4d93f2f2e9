"""mnema playground: the emulator, the page and the rehearsal model, with the same bot inside."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from fastapi import APIRouter
from pydantic import SecretStr

from bot.api.listening import Listening
from bot.api.mount import api_routers, mount
from bot.api.services import Services
from bot.app.api import ANY_MODEL, offered_models, serve_api
from bot.app.condition import LateCondition
from bot.app.modelcheck import warn_about_model
from bot.app.rehearsing import rehearsed
from bot.app.running import LOOPBACK, say, shut
from bot.app.serving import serve_all
from bot.app.telegram import attach_telegram
from bot.app.together import stop_on_signals, together
from bot.app.wiring import build_app
from bot.core.errors import ConfigError, LLMError
from bot.core.lock import InstanceLock
from bot.llm.probe import find_ollama, probe
from bot.playground.connect import ModelStatus, connect_routes
from bot.playground.emulator import CutConnections, Emulator, emulator_router
from bot.playground.page import page_routes
from bot.playground.page_api import page_router
from bot.playground.rehearsal import rehearsal_router
from bot.playground.seed import DEFAULT_TOKEN, seed_default
from bot.playground.store import Store
from bot.settings import Settings
from bot.web.app import make_web


async def run_playground(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Run the whole product with no account anywhere. Raises ConfigError."""
    if settings.http_host not in LOOPBACK:
        raise ConfigError(
            "The playground lets everybody in, so it runs only on this machine: set HTTP_HOST=127.0.0.1, "
            "or BOT_TOKEN to start the bot itself."
        )
    if "*" in settings.cors_origins:
        raise ConfigError(
            "The playground asks nobody for a key, so that with CORS_ORIGINS=* every site that you open "
            "could read it: name the origins that may."
        )
    stop = stop or asyncio.Event()
    # The bot inside locks the folder only once it has an address: too late for the emulator's own file.
    lock = InstanceLock(settings.data_dir / "playground.lock")
    lock.acquire()
    try:
        await _play(settings, stop)
    finally:
        lock.release()


async def _play(settings: Settings, stop: asyncio.Event) -> None:
    emulator = Emulator(Store(settings.data_dir / "playground.db"))
    await emulator.open()
    try:
        await seed_default(emulator)
        address: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        services, listening, condition = Services(), Listening(), LateCondition()
        web = make_web(
            [playground_routes(settings, emulator), *api_routers()],
            cors_origins=settings.cors_origins,
            readiness=condition,
        )
        mount(web, services)

        def stopping() -> None:
            emulator.release()
            listening.release()

        def started(host: str, port: int) -> None:
            address.set_result(f"http://{host}:{port}")

        first, *more = serve_all(CutConnections(web), settings, stop, started=started, stopping=stopping)
        with stop_on_signals(stop):
            await together(
                stop,
                _ending(first, address),
                *more,
                _bot_inside(settings, address, stop, services, listening, condition),
            )
    finally:
        await emulator.close()


async def _ending(serving: Coroutine[Any, Any, None], address: asyncio.Future[str | None]) -> None:
    """Serve; a server that ends without ever having had an address says so to whoever waits for it."""
    try:
        await serving
    finally:
        if not address.done():
            address.set_result(None)


def playground_routes(settings: Settings, emulator: Emulator) -> APIRouter:
    """The page, what it talks to, the Bot API, and the rehearsal model."""
    router = APIRouter()
    router.include_router(page_routes())
    router.include_router(page_router(emulator), prefix="/playground/api")
    router.include_router(emulator_router(emulator), prefix="/telegram")
    router.include_router(rehearsal_router(), prefix="/rehearsal/v1")
    router.include_router(connect_routes(probe=_check_model, status=lambda: _model_status(settings)))
    return router


async def _check_model(base_url: str, api_key: str, model: str) -> None:
    found = await probe(base_url or None, api_key or None, model)
    if found.error is not None:
        raise LLMError(found.error)
    if not found.reachable:
        raise LLMError("unavailable")


async def _model_status(settings: Settings) -> ModelStatus:
    if settings.has_model:
        return ModelStatus("real", settings.llm_model or "")
    local = await find_ollama()
    return ModelStatus("rehearsal", "mnema-rehearsal", None if local is None else tuple(local))


async def _bot_inside(
    settings: Settings,
    address: asyncio.Future[str | None],
    stop: asyncio.Event,
    services: Services,
    listening: Listening,
    condition: LateCondition,
) -> None:
    """The very bot of `mnema run`, told that Telegram stands at our own address."""
    if (origin := await address) is None:
        return
    playing = settings.model_copy(update={"bot_token": SecretStr(DEFAULT_TOKEN)})
    if not settings.has_model:
        playing = rehearsed(playing, origin)
    app = build_app(playing, everyone=True)
    face = attach_telegram(app, DEFAULT_TOKEN, f"{origin}/telegram")
    try:
        await app.open()
        condition.behind = app.condition
        models = offered_models(playing) if settings.has_model else ANY_MODEL
        # On this machine only, and everybody there may do all: no key is asked for.
        await serve_api(app, services, listening, closed=False, models=models, rehearsal=True)
        await face.start(stop)
        await app.work()
        app.nursery.start(warn_about_model(settings), "look at the model's endpoint")
        say(f"The playground is open: {origin}")
        await face.poll(stop)
    finally:
        await shut(app, face)
