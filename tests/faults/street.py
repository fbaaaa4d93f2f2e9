"""A street of people beside each other in one running product, each with a trouble of their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Job
from bot.playground.emulator.call import RequestRecord
from bot.playground.people.handles import ChatHandle, PersonHandle
from bot.playground.people.messages import MessageHandle
from bot.playground.records import ChatType
from bot.telegram.i18n import LANGUAGES, Translator, translator
from tests.support.emulator import TOKEN
from tests.support.llm_steps import Body, Step, Text
from tests.support.product import Product

CUT = "✂️ This answer was cut off. Ask me to go on."
_TAG = re.compile(r"(row|next):([\w-]+)")
_SECRETS = re.compile(
    rf"{re.escape(TOKEN)}|test-key|https?://|127\.0\.0\.1|localhost|Traceback|Exception|\w+Error\b|aiogram"
)


@dataclass
class Model:
    """Answers by the tag in the question: a row that is not healed gets its steps, the last one for ever."""

    steps: dict[str, tuple[Step, ...]]
    healed: set[str] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, body: Body) -> Step:
        kind, name = tag_of(body)
        key = f"{kind}:{name}"
        number = self.asked[key] = self.asked.get(key, 0) + 1
        if kind == "next" or name in self.healed or name not in self.steps:
            return Text(f"Fine, {key}.")
        steps = self.steps[name]
        return steps[min(number, len(steps)) - 1]


def tag_of(body: Body) -> tuple[str, str]:
    """The tag of the question that a request asks."""
    said = [message for message in body["messages"] if message["role"] == "user"][-1]["content"]
    text = said if isinstance(said, str) else "\n".join(part.get("text", "") for part in said)
    kind, name = _TAG.findall(text)[-1]
    return kind, name


@dataclass(frozen=True)
class House:
    """One person in their private chat (or in a group of their own), and the language they speak."""

    product: Product
    name: str
    person: PersonHandle
    chat: ChatHandle
    language: str

    @property
    def t(self) -> Translator:
        """The sentences in the person's language."""
        return translator(self.language)

    @property
    def shown(self) -> list[MessageHandle]:
        """What the bot has standing here."""
        return self.product.telegram.bot_messages(self.chat)

    async def ask(self, kind: str = "row", thread_id: int | None = None) -> MessageHandle:
        """Put the tagged question, by name where others read along."""
        to = "" if self.chat.record.type == "private" else "@mnema_bot "
        return await self.person.say(self.chat, f"{to}{kind}:{self.name}", thread_id=thread_id)

    async def next_is_answered(self, timeout: float = 15.0) -> None:
        """The following question of the same chat gets its one normal answer."""
        question = await self.ask("next")
        wanted = f"Fine, next:{self.name}."
        reply = await self.product.telegram.wait_reply(
            question, contains=wanted, settled=0.1, timeout=timeout
        )
        assert reply.text == wanted
        # A bot that comes back into a group greets it, too.
        private = self.chat.record.type == "private"
        assert [m.text for m in standing(question) if private or m.reply_to] == [wanted]


def standing(question: MessageHandle) -> list[MessageHandle]:
    """The bot's messages for a question that were not deleted."""
    sent = [MessageHandle(question.emu, question.chat_id, number) for number in question.entry.sent]
    return [message for message in sent if not message.deleted]


def calls_to(house: House) -> list[RequestRecord]:
    """The bot's requests that name this chat."""
    requests = house.product.telegram.emu.requests
    return [request for request in requests if str(request.params.get("chat_id")) == str(house.chat.id)]


async def everybody(*lives: Coroutine[Any, Any, None]) -> None:
    """Run all beside each other to their end. Raises what failed, all of it together."""
    ended = await asyncio.gather(*lives, return_exceptions=True)
    failures = [end for end in ended if isinstance(end, Exception)]
    if failures:
        raise ExceptionGroup("not all went well", failures)


async def move_in(product: Product, name: str, number: int, *, kind: str = "private") -> House:
    """The number-th person, in the language whose turn it is; `kind` is private, group, basic or forum."""
    language = LANGUAGES[number % len(LANGUAGES)]
    person = await product.telegram.person(f"P{number}", language=language)
    if kind == "private":
        chat = await product.telegram.private(person)
    else:
        size: ChatType = "group" if kind == "basic" else "supergroup"
        chat = await product.telegram.group(f"G{number}", [person], type=size, is_forum=kind == "forum")
        await product.telegram.wait_message(chat, contains="Mnema", timeout=15)
    return House(product, name, person, chat, language)


def assert_discreet(product: Product) -> None:
    """Nothing that the bot shows anywhere betrays its inside."""
    for chat_id in product.telegram.emu.world.chats:
        for message in product.telegram.bot_messages(ChatHandle(product.telegram.emu, chat_id)):
            found = _SECRETS.search(message.text)
            assert found is None, f"{found} in {message.text!r}"


async def dead_letters(product: Product) -> list[str]:
    """Kinds and errors of the jobs that were given up."""
    return await product.look(lambda s: _jobs(s, "dead"))


async def open_jobs(product: Product) -> list[str]:
    """Kinds and errors of the jobs that are not finished."""
    return await product.look(lambda s: [*_jobs(s, "queued"), *_jobs(s, "running")])


def _jobs(session: Session, status: str) -> list[str]:
    return [f"{j.kind} {j.last_error}" for j in session.scalars(select(Job).where(Job.status == status))]
