"""The way in for tests and scripts: makes people and chats, waits for what the bot shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.emulator.call import RequestRecord
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.ledger import LedgerEntry
from bot.playground.people import rooms
from bot.playground.people.handles import ChatHandle, PersonHandle
from bot.playground.people.messages import MessageHandle
from bot.playground.people.waiting import wait_message, wait_reply
from bot.playground.records import ChatType, Status


@dataclass(frozen=True)
class Playground:
    """The way in for tests: makes people and chats on an emulator."""

    emu: Emulator

    async def person(
        self,
        first_name: str,
        *,
        id: int | None = None,
        last_name: str = "",
        username: str = "",
        language: str = "en",
    ) -> PersonHandle:
        """A new person."""
        person = await rooms.add_person(
            self.emu, first_name, person_id=id, last_name=last_name, username=username, language_code=language
        )
        return PersonHandle(self.emu, person.id)

    async def private(self, person: PersonHandle) -> ChatHandle:
        """The person's chat with the bot."""
        return ChatHandle(self.emu, (await rooms.private_chat(self.emu, person.id)).id)

    async def group(
        self,
        title: str,
        people: Sequence[PersonHandle],
        *,
        type: ChatType = "supergroup",
        is_forum: bool = False,
        username: str = "",
        bot: Status | None = "member",
        id: int | None = None,
    ) -> ChatHandle:
        """A group made by the first of the people, with the bot unless `bot=None`."""
        statuses: dict[int, Status] = {person.id: "member" for person in people}
        statuses[people[0].id] = "creator"
        chat = await rooms.add_group(
            self.emu, title, statuses, type=type, is_forum=is_forum, username=username, chat_id=id
        )
        if bot is not None:
            await rooms.set_status(self.emu, chat.id, self.emu.main_bot.id, bot, people[0].id)
        return ChatHandle(self.emu, chat.id)

    def bot_messages(self, chat: ChatHandle) -> list[MessageHandle]:
        """What bots have standing in a chat, oldest first."""
        return [message for message in chat.messages if message.record.from_bot]

    async def wait_reply(
        self,
        message: MessageHandle,
        *,
        contains: str | None = None,
        settled: float = 0.3,
        timeout: float = 5.0,
    ) -> MessageHandle:
        """The bot's settled reply to a person's message; see `waiting.wait_reply`."""
        return await wait_reply(message, contains=contains, settled=settled, timeout=timeout)

    async def wait_message(
        self, chat: ChatHandle, *, contains: str = "", after: int = 0, timeout: float = 5.0
    ) -> MessageHandle:
        """A bot's message in a chat, whatever it answers; see `waiting.wait_message`."""
        return await wait_message(chat, contains=contains, after=after, timeout=timeout)

    def ledger(self, chat: ChatHandle | None = None) -> list[LedgerEntry]:
        """What the bot did for each thing that people did."""
        return self.emu.ledger(chat.id if chat else None)

    def calls(self, method: str) -> list[RequestRecord]:
        """The requests of one method, oldest first."""
        return [request for request in self.emu.requests if request.method == method]
