"""Every fault of the model, one visible outcome: an answer, a part with a mark, or an apology to retry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import LLMErrorKind
from bot.playground.people.messages import MessageHandle
from tests.faults.street import (
    CUT,
    House,
    Model,
    assert_discreet,
    dead_letters,
    everybody,
    move_in,
    standing,
)
from tests.support.llm_steps import FAULTS, Step, Text, ToolCalls
from tests.support.product import running_product
from tests.support.waiting import until

OK = Text("All is well again.")
SLOW = Text("word " * 200, delay=0.1)


@dataclass(frozen=True)
class Row:
    """Steps of the model for one person, the last one repeated, and what the person must see.

    An apology is named by its kind; `partial` begins a cut answer; `answer` is a whole one. `wave` keeps
    failures that count as the model being down apart, so that no five come in a row.
    """

    name: str
    steps: tuple[Step, ...]
    apology: LLMErrorKind | None = None
    partial: str = ""
    answer: str = ""
    wave: int = 1


def fault(name: str, apology: LLMErrorKind, wave: int = 1) -> Row:
    return Row(name, (FAULTS[name],), apology, wave=wave)


def passing(name: str) -> Row:
    return Row(f"{name}-once", (FAULTS[name], OK), answer=OK.text or "")


def numbered(name: str, count: int) -> tuple[Step, ...]:
    return tuple(ToolCalls([(name, {"n": number})]) for number in range(count))


MID = "this sentence will"
TOOL = ToolCalls([("get_user_facts", {})])
ROWS = [
    fault("reset-before-reply", "unavailable", wave=2),
    passing("reset-before-reply"),
    Row("reset-mid-stream", (FAULTS["reset-mid-stream"],), partial=MID),
    Row("dropped-mid-stream", (FAULTS["dropped-mid-stream"],), partial=MID),
    Row("cut-without-done", (FAULTS["cut-without-done"],), partial=MID),
    passing("cut-without-done"),
    fault("hang", "timeout"),
    fault("keepalive-drip", "timeout"),
    Row("too-slow", (SLOW,), partial="word word"),
    fault("html-200", "bad_response"),
    passing("html-200"),
    fault("error-json-200", "unavailable"),
    fault("error-event", "unavailable"),
    fault("bad-sse-json", "bad_response"),
    fault("not-json", "bad_response"),
    fault("empty-body", "bad_response"),
    fault("empty-choices", "bad_response"),
    fault("null-content", "bad_response"),
    Row("no-content-type", (FAULTS["no-content-type"],), answer="an answer without a content type"),
    fault("401", "auth"),
    fault("402", "quota"),
    fault("403", "auth"),
    fault("404", "not_found"),
    fault("413", "too_large"),
    fault("context-too-long", "too_large"),
    fault("429-short", "rate_limited"),
    passing("429-short"),
    fault("429-long", "rate_limited"),
    fault("429-quota", "quota"),
    fault("500", "unavailable", wave=2),
    passing("500"),
    fault("502-html", "unavailable", wave=2),
    fault("503", "unavailable", wave=2),
    Row("length", (FAULTS["length"],), partial="the answer stops in the mid"),
    fault("content-filter", "refused"),
    Row("filtered-halfway", (Text("I would say", finish="content_filter"),), partial="I would say"),
    passing("bad-arguments"),
    fault("bad-arguments", "bad_response"),
    passing("unknown-tool"),
    fault("unknown-tool", "bad_response"),
    Row("same-tool-for-ever", (TOOL,), "bad_response"),
    Row("new-tools-for-ever", numbered("get_user_facts", 9), "bad_response"),
    Row("silent-after-a-tool", (TOOL, Text("")), "bad_response"),
    Row("fails-after-a-tool", (TOOL, FAULTS["401"]), "auth"),
    Row("ten-megabytes", (FAULTS["ten-megabytes"],), partial="0123456789abcdef"),
]


async def test_every_fault_of_the_model_has_one_visible_outcome(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    model = Model({row.name: row.steps for row in ROWS})
    async with running_product(sqlite_database_url, tmp_path, llm_timeout_seconds=5) as product:
        product.llm.default(model)
        numbers = {row.name: number for number, row in enumerate(ROWS)}
        houses = {row.name: await move_in(product, row.name, numbers[row.name]) for row in ROWS}

        async def wave(number: int) -> None:
            if number == 2:
                await until(lambda: model.asked.get("next:error-event", 0) > 0, 15)
            await everybody(*(live_through(houses[r.name], r, model) for r in ROWS if r.wave == number))

        await everybody(wave(1), wave(2))
        assert await dead_letters(product) == []
        assert_discreet(product)
        assert product.llm.problems == []
        await the_model_is_gone(houses["401"], houses["402"], houses["403"])
        assert_discreet(product)


async def live_through(house: House, row: Row, model: Model) -> None:
    """Ask, see the outcome, ask on, and retry where that is offered."""
    question = await house.ask()
    try:
        reply = await house.product.telegram.wait_reply(
            question, contains=expected(house, row), settled=1.5 if row.partial else 0.3, timeout=25
        )
        check(house, row, question, reply)
        await house.next_is_answered()
        if row.apology is not None:
            await retry(house, row, question, reply, model)
    except (AssertionError, TimeoutError) as error:
        error.add_note(f"in the row {row.name}")
        raise


def expected(house: House, row: Row) -> str:
    return house.t(f"error.llm.{row.apology}") if row.apology else house.t(CUT) if row.partial else row.answer


def check(house: House, row: Row, question: MessageHandle, reply: MessageHandle) -> None:
    shown = standing(question)
    if row.name == "ten-megabytes":
        # Cut at the cap of a reply, in as many messages as that takes; the mark stands below the last one.
        assert 2 <= len(shown) <= 10
        assert all(len(message.text) <= 4096 for message in shown)
    else:
        assert [message.id for message in shown] == [reply.id]
        assert (reply.text == expected(house, row)) == (not row.partial)
    assert shown[0].text.startswith(row.partial)
    assert reply.text.endswith(expected(house, row))
    assert bool(reply.buttons) == (row.apology is not None)


async def retry(house: House, row: Row, question: MessageHandle, reply: MessageHandle, model: Model) -> None:
    """Pressed twice at once it answers once, in the message that had the apology."""
    model.healed.add(row.name)
    before = model.asked[f"row:{row.name}"]
    data = reply.buttons[0]["callback_data"]
    presses = [await house.person.press(reply, data, stale=True) for _ in range(2)]
    answers = [await press.answer() for press in presses]
    assert [answer["text"] for answer in answers] == [
        house.t("Trying again …"),
        house.t("There is nothing to try again."),
    ]
    await until(lambda: reply.text == f"Fine, row:{row.name}." and not reply.buttons, 10)
    assert [message.id for message in standing(question)] == [reply.id]
    assert model.asked[f"row:{row.name}"] == before + 1


async def the_model_is_gone(*houses: House) -> None:
    """Connections are refused; once it is back, Retry is answered."""
    product = houses[0].product
    async with product.llm.down():
        questions = [await house.ask("next") for house in houses]
        wanted = [house.t("error.llm.unavailable") for house in houses]
        replies = [
            await product.telegram.wait_reply(question, contains=text, timeout=10)
            for question, text in zip(questions, wanted, strict=True)
        ]
    for house, question, reply in zip(houses, questions, replies, strict=True):
        await house.person.press(reply, "🔁")
        await until(lambda reply=reply, house=house: reply.text == f"Fine, next:{house.name}.", 10)  # type: ignore[misc]
        assert [message.id for message in standing(question)] == [reply.id]


async def test_a_stranger_cannot_retry(sqlite_database_url: str, tmp_path: Path) -> None:
    model = Model({"shared": (FAULTS["401"],)})
    async with running_product(sqlite_database_url, tmp_path) as product:
        product.llm.default(model)
        house = await move_in(product, "shared", 1, kind="group")
        stranger = await product.telegram.person("Other", language="ru")
        await house.chat.add(stranger)
        question = await house.ask()
        reply = await product.telegram.wait_reply(question, contains=house.t("error.llm.auth"))
        before = len(product.telegram.calls("editMessageText"))
        answer = await (await stranger.press(reply, "🔁")).answer()
        assert answer["show_alert"]
        assert answer["text"] == "Эта кнопка не для вас."
        assert len(answer["text"]) < 60
        await house.next_is_answered()
        assert reply.text == house.t("error.llm.auth")
        assert model.asked["row:shared"] == 1
        assert len(product.telegram.calls("editMessageText")) == before
