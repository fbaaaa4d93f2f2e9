"""The rehearsal model as a server of its own, for when no model is configured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import SecretStr

from bot.core.nursery import Nursery
from bot.settings import Settings

REHEARSAL_MODEL = "mnema-rehearsal"


def rehearsed(settings: Settings, origin: str) -> Settings:
    """The settings with the rehearsal model behind `origin` (scheme, host and port)."""
    return settings.model_copy(
        update={
            "llm_base_url": f"{origin}/rehearsal/v1",
            "llm_api_key": SecretStr("rehearsal"),
            "llm_model": REHEARSAL_MODEL,
            "llm_fallback_models": (),
        }
    )


@asynccontextmanager
async def with_model(settings: Settings) -> AsyncIterator[Settings]:
    """The settings as they are, or with a rehearsal model served on a free loopback port meanwhile."""
    if settings.has_model:
        yield settings
        return
    from bot.playground.rehearsal import rehearsal_router
    from bot.web.server import serve

    web = FastAPI()
    web.include_router(rehearsal_router(), prefix="/rehearsal/v1")
    stop, nursery = asyncio.Event(), Nursery()
    address: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    nursery.start(
        serve(web, "127.0.0.1", 0, stop, started=lambda _host, port: address.set_result(port)), "rehearsal"
    )
    try:
        yield rehearsed(settings, f"http://127.0.0.1:{await address}")
    finally:
        stop.set()
        await nursery.close(grace=2.0)
