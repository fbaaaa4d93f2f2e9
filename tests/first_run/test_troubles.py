"""What may be wrong outside does not stop the start: the log says it once, and the bot goes on."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.app.disk import SENTENCE, FullDisk
from bot.app.modelcheck import model_trouble, warn_about_model
from bot.settings import Settings, load_settings
from tests.first_run.listing import KEY, listing
from tests.support.llm_server import Text
from tests.support.product import Product
from tests.support.waiting import until


def with_model(base: str, model: str = "good", key: str = KEY) -> Settings:
    return load_settings(None, llm_base_url=base, llm_model=model, llm_api_key=SecretStr(key))


async def test_a_refused_key_and_an_unknown_model_are_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with listing("good", "better") as base:
        for settings, said in (
            (with_model(base, key="sk-wrong-wrong"), f"{base} refused LLM_API_KEY: copy the key again"),
            (with_model(base, "best"), f"{base} does not know LLM_MODEL=best: set it to one of its models"),
        ):
            caplog.clear()
            await warn_about_model(settings)
            (record,) = caplog.records
            assert said in record.message
            assert record.levelno == logging.WARNING
            assert "sk-" not in record.message


async def test_a_model_that_is_there_is_no_trouble() -> None:
    async with listing("good", "llama3.2:latest", "models/gemini-pro") as base:
        for name in ("good", "llama3.2", "gemini-pro"):
            assert await model_trouble(with_model(base, name)) is None
    async with listing() as base:
        assert await model_trouble(with_model(base)) is None
    await warn_about_model(load_settings(None))


async def test_an_endpoint_out_of_reach_shows_no_password() -> None:
    found = await model_trouble(with_model("http://ann:secret@127.0.0.1:9/v1"))
    assert found == (
        "The model's endpoint http://127.0.0.1:9/v1 cannot be reached: "
        "check LLM_BASE_URL and that it is running."
    )


async def test_a_full_disk_keeps_updates_at_telegram_says_so_once_and_ends(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("First."), Text("Second."))
    await product.telegram.wait_reply(await ann.say(chat, "One?"), contains="First")
    caplog.handler.addFilter(filtered := FullDisk())
    database = product.app.database
    try:
        pages = await database.read(lambda s: s.scalar(text("PRAGMA page_count")))
        await database.write(lambda s: s.execute(text(f"PRAGMA max_page_count={pages}")).all())
        caplog.clear()
        question = await ann.say(chat, "Two? " + "x" * 4000)
        await until(lambda: SENTENCE in caplog.text, 10)
        bot_id = int(product.telegram.token.partition(":")[0])
        assert len(product.telegram.emu.queue(bot_id).pending()) == 1
        assert [r.msg for r in caplog.records if r.levelno >= logging.WARNING] == [SENTENCE]
        assert caplog.text.count("disk") == SENTENCE.count("disk")
        assert "Traceback" not in caplog.text
        await database.write(lambda s: s.execute(text("PRAGMA max_page_count=1000000")).all())
        await product.telegram.wait_reply(question, contains="Second", timeout=10)
        assert product.telegram.emu.queue(bot_id).pending() == []
    finally:
        caplog.handler.removeFilter(filtered)
