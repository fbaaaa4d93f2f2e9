"""Pending questions are settled by code, and tools drive the states, on both databases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context.state import state_lines
from bot.core.llm import ToolCall
from bot.core.messages import ChatRef, Incoming
from bot.core.scope import Scope
from bot.core.views import TurnView
from bot.db.engine import Database
from bot.db.models import Booking
from bot.db.repositories import people
from bot.db.repositories.turn_view import ViewLimits, load_for_turn
from bot.llm.tokens import Tokens
from bot.services.dialogue import states
from bot.services.dialogue.pending import question_notice
from bot.services.dialogue.types import BOOKING, CHOICE, CONFIRMATION, INFO
from bot.tools.dialogue import dialogue_tools
from bot.tools.registry import Executed, ToolRegistry, ToolSettings
from bot.turns.settling import Settled, Settling, told_by_code
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, ask, say, settle

KYIV = "Europe/Kyiv"
WHOLE = {"service": "Маникюр", "master": "Jennifer", "date": "2026-03-15", "time": "15:00"}
PHONE = {"info_type": "phone", "prompt": "Ваш номер?", "validation": r"^\+?[0-9]{10,15}$"}


class Words:
    """Counts words."""

    def count(self, text: str) -> int:
        return len(text.split())

    def count_messages(self, *_: Any) -> int:
        raise AssertionError("no prompt is counted here")


class Chat:
    """Ann's talk in a chat: states, messages that may settle them, tool calls, the lines of a prompt."""

    def __init__(self, database: Database, ref: ChatRef = PRIVATE) -> None:
        self.database, self.ref, self.now, self.calls = database, ref, START, 0
        self.settling = Settling(KYIV, Words(), lambda: "Mnema")
        self.tools = ToolRegistry(dialogue_tools(KYIV), database, ToolSettings())
        self.view: TurnView | None = None

    async def keep(self, type_: str, data: Mapping[str, Any], minutes: int | None = None) -> states.State:
        def unit(session: Session) -> states.State:
            scope = settle(session, ANN, self.ref, self.now).scope
            return states.save_in(session, scope, type_, data, minutes, self.now)

        return await self.database.write(unit)

    async def say(self, text: str, **more: Any) -> Settled | None:
        self.now += timedelta(seconds=1)
        sender = more.pop("sender", ANN)
        values: dict[str, Any] = {"addressed": "private" if self.ref.private else "reply", **more}
        incoming = Incoming("k", self.ref, str(self.now), self.now, sender, text=text, **values)

        def unit(session: Session) -> tuple[Settled | None, TurnView]:
            place = settle(session, sender, self.ref, self.now)
            message = say(session, place, text, self.now)
            settled = self.settling.settle(session, incoming, message, place.scope, self.now)
            turn = ask(session, place, message, self.now)
            self.settling.answer(session, turn, settled, self.now)
            session.flush()
            assert told_by_code(session, turn.id) == ([] if settled is None else list(settled.notices))
            return settled, load_for_turn(session, turn.id, ViewLimits(self.now))

        settled, self.view = await self.database.write(unit)
        return settled

    async def call(self, name: str, **arguments: Any) -> Executed:
        assert self.view is not None
        self.calls += 1
        call = ToolCall(f"c{self.calls}", name, json.dumps(arguments))
        return await self.tools.execute(call, self.view, self.now)

    async def lines(self) -> list[str]:
        view = self.view
        assert view is not None
        return await self.database.read(lambda s: state_lines(s, view, self.now))

    async def active(self) -> dict[str, dict[str, Any]]:
        def unit(session: Session) -> dict[str, dict[str, Any]]:
            user, chat = people.find_user(session, ANN), people.find_chat(session, self.ref)
            assert user is not None
            assert chat is not None
            found = states.active_in(session, Scope(user.id, chat.id, self.ref.private), self.now)
            return {state.type: state.data for state in found}

        return await self.database.read(unit)

    async def bookings(self) -> list[tuple[str, str, str, str]]:
        rows = await self.database.read(lambda s: list(s.scalars(select(Booking).order_by(Booking.id))))
        return [(row.service, row.date, row.time, row.phone) for row in rows]


BOOKED = ("Маникюр", "2026-03-15", "15:00", "")


async def test_a_yes_books_once_and_clears(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(BOOKING, {"step": "confirm", **WHOLE})
    await chat.keep(CONFIRMATION, {"question": "Записать?", "booking_details": WHOLE})
    settled = await chat.say("Да!")
    assert settled is not None
    assert settled.notices == ({"kind": "booked", "text": "Маникюр, Jennifer, 2026-03-15 15:00"},)
    assert await chat.bookings() == [BOOKED]
    assert await chat.active() == {}
    assert (await chat.lines())[0].startswith("the booking is stored now (number")
    assert await chat.say("Да") is None
    assert await chat.bookings() == [BOOKED]


async def test_a_complete_booking_is_its_own_question(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(BOOKING, {"step": "confirm", **WHOLE, "phone": "+380501234567"})
    assert await chat.say("а можно в 16:00?") is None
    assert BOOKING in await chat.active()
    assert await chat.say("подтверждаю") is not None
    assert await chat.bookings() == [(*BOOKED[:3], "+380501234567")]


async def test_a_booking_waits_with_its_question_while_something_else_is_asked(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(BOOKING, {"step": "confirm", **WHOLE})
    await chat.keep(INFO, {"info_type": "phone", "prompt": "Ваш телефон?", "validation": "^[0-9]{10,15}$"})
    settled = await chat.say("да")
    assert settled is not None
    assert settled.reply == "Ваш телефон?"
    assert await chat.bookings() == []
    assert await chat.say("0501234567") is not None
    assert await chat.say("да") is not None
    assert await chat.bookings() == [(*BOOKED[:3], "0501234567")]


async def test_a_no_clears_and_books_nothing(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(CONFIRMATION, {"question": "Записать?", "booking_details": WHOLE})
    settled = await chat.say("Нет, спасибо")
    assert settled is not None
    assert settled.outcome["kind"] == "refused"
    assert await chat.active() == {}
    assert await chat.bookings() == []


async def test_an_expired_question_is_not_answered(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(CONFIRMATION, {"question": "Записать?", "booking_details": WHOLE}, minutes=1)
    chat.now += timedelta(seconds=59)  # the message comes a second later
    assert await chat.say("да") is None
    assert await chat.lines() == []
    assert await chat.bookings() == []


async def test_what_is_past_by_now_is_not_booked(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(CONFIRMATION, {"question": "?", "booking_details": {**WHOLE, "date": "2026-03-13"}})
    settled = await chat.say("да")
    assert settled is not None
    assert settled.outcome["kind"] == "not_booked"
    assert await chat.bookings() == []
    assert CONFIRMATION in await chat.active()
    assert "nothing was booked" in (await chat.lines())[0]


async def test_foreign_words_settle_nothing(database: Database) -> None:
    chat = Chat(database, GROUP)
    await chat.keep(CONFIRMATION, {"question": "?", "booking_details": WHOLE})
    for more in (
        {"sender": BOB},
        {"addressed": None},
        {"forwarded_from": "Somebody"},
        {"content_type": "image"},
        {"via_command": "help"},
    ):
        assert await chat.say("да", **more) is None
    assert (await chat.bookings(), list(await chat.active())) == ([], [CONFIRMATION])
    elsewhere = Chat(database, PRIVATE)
    assert await elsewhere.say("да") is None
    assert await elsewhere.lines() == []
    assert await chat.say("да") is not None


async def test_a_choice_goes_to_the_turn_with_its_context(database: Database) -> None:
    chat = Chat(database)
    options = [{"id": 1, "text": "Завтра в 10:00"}, {"id": 2, "text": "В пятницу в 16:00"}]
    await chat.keep(CHOICE, {"question": "Когда?", "options": options, "context": "time_selection"})
    assert await chat.say("а подешевле?") is None
    assert "nothing chosen yet" in (await chat.lines())[0]
    settled = await chat.say("2")
    assert settled is not None
    assert settled.outcome["option"] == options[1]
    assert (await chat.lines())[0] == (
        'chosen: "В пятницу в 16:00", asked "Когда?" (context: "time_selection").'
    )  # fmt: skip
    assert await chat.active() == {}


async def test_a_phone_is_checked_and_asked_for_again(database: Database) -> None:
    chat = Chat(database)
    await chat.keep(BOOKING, {"step": "confirm", **WHOLE})
    await chat.keep(INFO, PHONE)
    refused = await chat.say("12345")
    assert refused is not None
    assert refused.reply == "Ваш номер?"
    assert await chat.say("Зачем вам мой номер?") is None
    assert INFO in await chat.active()
    settled = await chat.say("+38 (050) 123-45-67")
    assert settled is not None
    assert settled.outcome["value"] == "+380501234567"
    active = await chat.active()
    assert INFO not in active
    assert active[BOOKING]["phone"] == "+380501234567"


async def test_the_tools_carry_a_booking_from_words_to_the_question(database: Database) -> None:
    chat = Chat(database)
    await chat.say("Хочу записаться на маникюр")
    made = await chat.call("save_state", type=BOOKING, data={"service": "Маникюр"})
    assert made.text == f"Kept: {BOOKING}, step select_master."
    lines = await chat.lines()
    assert lines == [
        (
            f"unfinished booking ({BOOKING}), step select_master: "
            '{"service": "Маникюр"}; still to be chosen: master, date, time. Continue it.'
        )
    ]
    await chat.say("К Jennifer, на завтра")
    dated = await chat.call("save_state", type=BOOKING, data={"master": "Jennifer", "date": "на завтра"})
    assert dated.text == f"Kept: {BOOKING}, step select_time (date 2026-03-15)."
    refused = await chat.call("save_state", type=BOOKING, data={"date": "вчера"})
    assert refused.failed
    assert "past" in refused.text
    await chat.call("save_state", type=BOOKING, data={"time": "в 15:00"})
    asked = await chat.call("ask_person", question="Подтверждаете?")
    assert [notice["kind"] for notice in asked.notices] == ["confirm"]
    active = await chat.active()
    assert active[CONFIRMATION]["booking_details"] == WHOLE
    assert await chat.say("да") is not None
    assert await chat.bookings() == [BOOKED]


async def test_a_new_question_takes_the_place_of_the_last(database: Database) -> None:
    chat = Chat(database)
    await chat.say("hm")
    asked = await chat.call("ask_person", question="Когда?", options=["Утром", "Вечером"], context="t")
    assert asked.notices[0]["text"] == "Утром\nВечером"
    await chat.call("ask_person", question="Номер?", info="phone", validation="[0-9]{10}")
    assert list(await chat.active()) == [INFO]
    wrong = await chat.call("ask_person", question="Номер?", info="phone", validation="(a")
    assert wrong.failed
    assert "validation" in wrong.text
    assert list(await chat.active()) == [INFO]
    assert (await chat.call("clear_state")).text == "Cleared: 1."
    assert await chat.lines() == []


async def test_a_changed_question_outdates_its_buttons(database: Database) -> None:
    chat = Chat(database)
    first = await chat.keep(BOOKING, {"step": "confirm", **WHOLE})
    again = await chat.keep(BOOKING, {"step": "confirm", **WHOLE})
    assert again.id != first.id
    notice = question_notice(again)
    assert notice is not None
    assert notice["ids"] == [again.id, again.stamp]


async def test_the_schemas_are_small(tmp_path: Any) -> None:
    tokens = Tokens("gpt-4o-mini", tmp_path)
    await tokens.warm()
    specs = [tool.spec for tool in dialogue_tools(KYIV)]
    assert tokens.count_messages([], specs) <= 300
