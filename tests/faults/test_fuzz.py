"""Two hundred random doings of people at once: the bot stays alive, and whoever spoke to it is answered."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.db.models import Turn
from bot.playground.people.messages import MessageHandle
from tests.faults.street import House, assert_discreet, everybody, move_in
from tests.support.llm_steps import FAULTS, Body, Step, Text
from tests.support.product import Product, running_product
from tests.support.waiting import until

DOINGS = 25
ALPHABETS = (
    "abc xyz 019",
    "привіт їґєё",
    "مرحبا שלום",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "\u202e\u200b\u200f\u2066\ufe0f\u0301\u0007",
    "*_`~[](){}<>|#\\/@$%\n\t",
    "\ufffd\U0010ffff\ue000",
)
OPENINGS = (
    "",
    "/help ",
    "/memories ",
    "/nosuch ",
    "/new ",
    "/start memories",
    "[Mnema]: ",
    "{0.__class__} ",
    "```\n",
)
STEPS: tuple[Step, ...] = (
    Text("A plain answer."),
    Text("*half _bold [link](ftp:x"),
    Text("```python\nprint('<b>')\n"),
    Text("| a | b |\n|---|---|\n| 1 | 2 |"),
    Text("x" * 9000),
    FAULTS["401"],
    FAULTS["length"],
    FAULTS["bad-sse-json"],
    FAULTS["cut-without-done"],
)  # fmt: skip


def words(dice: random.Random) -> str:
    """A text that nobody would type; never empty for the one who sends it."""
    size = dice.choice((1, 3, 30, 300, 3000))
    text = "".join(dice.choice(dice.choice(ALPHABETS)) for _ in range(size))
    return dice.choice(OPENINGS) + "w" + text


class Life:
    """One person's random doings, one after the other; each addressed message is waited for."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self.house = house
        self.dice = dice
        self.said: list[MessageHandle] = []

    async def live(self) -> None:
        doings: tuple[Callable[[], Awaitable[None]], ...] = (
            self.talk, self.talk, self.talk, self.edit, self.delete, self.press, self.react, self.send,
            self.poison,
        )  # fmt: skip
        for _ in range(DOINGS):
            await self.dice.choice(doings)()

    async def talk(self) -> None:
        private = self.house.chat.record.type == "private"
        meant = private or self.dice.random() < 0.5
        text = words(self.dice) if private or not meant else f"@mnema_bot {words(self.dice)}"
        reply_to = self.dice.choice([None, *self.said[-2:]])
        if reply_to is not None and reply_to.deleted:
            reply_to = None
        message = await self.house.person.say(self.house.chat, text, reply_to=reply_to)
        self.said.append(message)
        if meant:
            await until(lambda: message.entry.answered, 20)

    async def send(self) -> None:
        if self.house.chat.record.type != "private":
            return
        kind, data = self.dice.choice((("sticker", b"RIFF"), ("voice", b"OggS"), ("document", b"\x00" * 50)))
        message = await self.house.person.send(self.house.chat, kind, data, emoji="👍", duration=1)
        await until(lambda: message.entry.answered, 20)

    async def edit(self) -> None:
        if self.said and not self.said[-1].deleted:
            await self.house.person.edit(self.said[-1], words(self.dice))

    async def delete(self) -> None:
        if self.said and not self.said[-1].deleted:
            await self.house.person.delete(self.said[-1])

    async def react(self) -> None:
        if self.said and not self.said[-1].deleted:
            await self.house.person.react(self.said[-1], self.dice.choice(("👍", None)))

    async def press(self) -> None:
        if not self.house.shown:
            return
        action = self.dice.choice(("stop", "retry", "undo", "page", "del", "back", "group", "x", ""))
        numbers = [self.dice.choice((0, 1, -1, self.house.person.id, 2**63, 10**19)) for _ in range(3)]
        data = ":".join(map(str, (action, *numbers[: self.dice.randint(0, 3)]))) or "?"
        pressed = await self.house.person.press(self.house.shown[-1], data[:64], stale=True)
        try:
            await pressed.answer(10)
        except TimeoutError as error:
            error.add_note(data)
            raise

    async def poison(self) -> None:
        emu = self.house.product.telegram.emu
        here = {"chat": {"id": self.house.chat.id}}
        values: tuple[Any, ...] = (None, 5, "x", [], {}, here, {"from": {"id": 1}})
        kind = self.dice.choice(("message", "edited_message", "callback_query", "my_chat_member", "dream"))
        await emu.inject(emu.main_bot.id, {kind: self.dice.choice(values)})


@pytest.mark.parametrize("seed", [20261121])
async def test_random_doings(sqlite_database_url: str, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)

    def answer(_body: Body) -> Step:
        return dice.choice(STEPS)

    async with running_product(sqlite_database_url, tmp_path) as product:
        product.llm.default(answer)
        kinds = ["private"] * 6 + ["group"] * 2
        houses = [await move_in(product, f"h{n}", n, kind=kind) for n, kind in enumerate(kinds)]
        await everybody(*(Life(house, random.Random(seed + n)).live() for n, house in enumerate(houses)))
        await until(lambda: _all_delivered(product), 10)
        assert_discreet(product)
        product.llm.default(lambda body: Text(f"Fine, next:{_name(body)}."))
        await everybody(*(house.next_is_answered() for house in houses))


def _name(body: Body) -> str:
    return str(body["messages"][-1]["content"]).rpartition("next:")[2].strip()


async def _all_delivered(product: Product) -> bool:
    owed = select(func.count()).select_from(Turn).where(Turn.status != "delivered")
    return await product.look(lambda s: s.scalar(owed)) == 0
