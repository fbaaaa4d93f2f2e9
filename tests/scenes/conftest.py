"""The playground's own inside: emulator, rehearsal model and bot, as `make run` joins them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot.app.rehearsing import rehearsed
from bot.playground.rehearsal import rehearsal_router
from bot.settings import Settings
from tests.support.emulator import running_emulator
from tests.support.llm_server import scripted_llm
from tests.support.product import Product, running_bot
from tests.support.serving import serving


@pytest.fixture
async def playground(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """Everything of the playground but its page; the product's `llm` is not asked."""
    web = FastAPI(openapi_url=None)
    web.include_router(rehearsal_router(delay=0.001), prefix="/rehearsal/v1")
    settings = Settings(database_url=sqlite_database_url, data_dir=tmp_path)
    async with (
        serving(web) as origin,
        running_emulator() as telegram,
        scripted_llm() as unasked,
        running_bot(rehearsed(settings, origin), telegram, unasked) as running,
    ):
        yield running
