"""While a long answer streams, everything else is quick; a restart in the middle goes on."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.models import Message, UsageRow
from tests.support.emulator import running_emulator
from tests.support.llm_server import scripted_llm
from tests.support.llm_steps import Hang, Text, ToolCalls
from tests.support.product import Product, product_settings, running_bot
from tests.support.waiting import until

LONG = " ".join(f"word{n}" for n in range(600))


async def test_help_and_buttons_answer_within_a_second_and_others_are_recorded(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    chat = await product.telegram.private(ann)
    group = await product.telegram.group("Camping", [ann, borys])
    product.llm.script(Text(LONG, delay=0.1))  # a minute
    await ann.say(chat, "/memories")
    await product.telegram.wait_message(chat)
    long_question = await ann.say(chat, "Tell me everything")
    await product.telegram.wait_reply(long_question, contains="word", settled=0, timeout=5)
    began = time.monotonic()
    await product.telegram.wait_reply(await ann.say(chat, "/help"), settled=0, timeout=1)
    for number in range(10):
        await borys.say(group, f"talk {number}")
    await until(lambda: product.look(lambda s: _talk_count(s) == 10), 1)
    assert time.monotonic() - began < 2
    began = time.monotonic()
    await ann.say(chat, "/stop")
    await product.llm.until_abandoned(1)
    assert time.monotonic() - began < 1
    stopped = await product.telegram.wait_reply(long_question, contains="Stopped")
    assert "word599" not in stopped.text
    await until(lambda: not stopped.record.markup, 4)


def _talk_count(session: Session) -> int:
    return session.scalar(select(func.count(Message.id)).where(Message.content.startswith("talk "))) or 0


async def test_a_restart_in_the_middle_of_a_turn_pays_no_step_twice(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        llm = await stack.enter_async_context(scripted_llm())
        telegram = await stack.enter_async_context(running_emulator())
        settings = product_settings(sqlite_database_url, tmp_path, llm)
        ann = await telegram.person("Ann")
        chat = await telegram.private(ann)
        llm.script(
            ToolCalls(
                [("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": "I live in Lviv"})]
            ),
            Hang(30),
            Text("Lviv is lovely."),
        )
        async with running_bot(settings, telegram, llm):
            message = await ann.say(chat, "I live in Lviv")
            await until(lambda: len(llm.requests) == 2, 5)
        async with running_bot(settings, telegram, llm) as product:
            reply = await telegram.wait_reply(message, contains="Lviv is lovely", timeout=10)
            assert "Lives in Lviv" in reply.text
            assert await product.look(lambda s: s.scalar(select(func.count()).select_from(UsageRow))) == 2
    assert len(llm.requests) == 3
    assert llm.paid == 2
    assert [len(telegram.bot_messages(chat))] == [1]
    llm.assert_complete()
