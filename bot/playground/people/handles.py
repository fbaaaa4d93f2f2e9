"""People, chats and messages as objects, for tests and scripts: `await ann.say(chat, "Hello")`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.files import Upload
from bot.playground.people import acting, buttons, rooms, topics
from bot.playground.people.messages import MessageHandle, Press
from bot.playground.records import Chat, Message, Person, Status
from bot.playground.store import Json


@dataclass(frozen=True)
class ChatHandle:
    """A chat by its id."""

    emu: Emulator
    id: int

    @property
    def record(self) -> Chat:
        """The stored record."""
        return self.emu.world.chats[self.id]

    @property
    def messages(self) -> list[MessageHandle]:
        """All messages that stand in the chat, oldest first."""
        stored = sorted(self.emu.world.messages[self.id].values(), key=lambda message: message.id)
        return [MessageHandle(self.emu, self.id, message.id) for message in stored if not message.deleted]

    async def add(
        self, user: PersonHandle | int, status: Status = "member", by: PersonHandle | None = None
    ) -> None:
        """Let somebody in, or give a role; `by` is whoever does it, by default the chat's first member."""
        await rooms.set_status(self.emu, self.id, _id(user), status, self._actor(by))

    async def remove(self, user: PersonHandle | int, by: PersonHandle | None = None) -> None:
        """Throw somebody out."""
        await rooms.set_status(self.emu, self.id, _id(user), "kicked", self._actor(by))

    async def topic(self, name: str, by: PersonHandle | None = None) -> int:
        """Open a topic; returns its thread id."""
        return await topics.add_topic(self.emu, self.id, name, self._actor(by))

    async def close_topic(self, thread_id: int, by: PersonHandle | None = None) -> None:
        """Close a topic."""
        await topics.set_closed(self.emu, self.id, thread_id, self._actor(by), True)

    async def upgrade(self, by: PersonHandle | None = None) -> ChatHandle:
        """Make a supergroup of a basic group; returns the new chat."""
        return ChatHandle(self.emu, (await rooms.upgrade(self.emu, self.id, self._actor(by))).id)

    def _actor(self, by: PersonHandle | None) -> int:
        people = [user for user in self.record.members if user in self.emu.world.people]
        return by.id if by is not None else people[0]


def _id(user: PersonHandle | int) -> int:
    return user if isinstance(user, int) else user.id


@dataclass(frozen=True)
class PersonHandle:
    """A person by id; everything they do raises `ActionRefused` where a client would not let them."""

    emu: Emulator
    id: int

    @property
    def record(self) -> Person:
        """The stored record."""
        return self.emu.world.people[self.id]

    async def say(
        self,
        chat: ChatHandle,
        text: str,
        *,
        reply_to: MessageHandle | None = None,
        quote: str | None = None,
        thread_id: int | None = None,
        entities: list[Json] | None = None,
        anonymous: bool = False,
    ) -> MessageHandle:
        """Write; of a text that the client splits, the last part is returned."""
        sent = await acting.say(
            self.emu,
            chat.id,
            self.id,
            text,
            reply_to=reply_to.id if reply_to else None,
            quote=quote,
            thread_id=thread_id,
            entities=entities,
            anonymous=anonymous,
        )
        return self._handle(sent[-1])

    async def send(
        self,
        chat: ChatHandle,
        kind: acting.Media,
        data: bytes,
        *,
        caption: str = "",
        name: str = "",
        mime: str = "",
        reply_to: MessageHandle | None = None,
        thread_id: int | None = None,
        **extra: object,
    ) -> MessageHandle:
        """Send a "photo", "document", "voice" (duration=) or "sticker" (emoji=)."""
        body = await acting.media_body(self.emu, kind, Upload(data, name, mime), caption, dict(extra))
        reply = reply_to.id if reply_to else None
        return self._handle(
            await acting.post(self.emu, chat.id, self.id, body, reply_to=reply, thread_id=thread_id)
        )

    async def post(
        self, chat: ChatHandle, content: Json, *, reply_to: MessageHandle | None = None
    ) -> MessageHandle:
        """Send any content as the Bot API names it, such as {"location": {...}} or {"contact": {...}}."""
        reply = reply_to.id if reply_to else None
        return self._handle(await acting.post(self.emu, chat.id, self.id, content, reply_to=reply))

    async def album(
        self, chat: ChatHandle, photos: Sequence[bytes], caption: str = ""
    ) -> list[MessageHandle]:
        """Send photos that belong together."""
        return [self._handle(m) for m in await acting.send_album(self.emu, chat.id, self.id, photos, caption)]

    async def forward(
        self, message: MessageHandle, chat: ChatHandle, hidden: str | None = None
    ) -> MessageHandle:
        """Forward; `hidden` is the shown name of a sender who hides the account."""
        return self._handle(await acting.forward(self.emu, message.record, chat.id, self.id, hidden=hidden))

    async def edit(self, message: MessageHandle, text: str) -> None:
        """Edit one's own message."""
        await acting.edit(self.emu, message.chat_id, message.id, self.id, text)

    async def delete(self, message: MessageHandle) -> None:
        """Delete a message."""
        await acting.delete(self.emu, message.chat_id, message.id, self.id)

    async def react(self, message: MessageHandle, emoji: str | None) -> None:
        """React to a message, or take the reaction back."""
        await acting.react(self.emu, message.chat_id, message.id, self.id, emoji)

    async def press(self, message: MessageHandle, wanted: str, *, stale: bool = False) -> Press:
        """Press a button by its data or text; `stale` sends the data of a button that is gone."""
        query = await buttons.press(self.emu, message.chat_id, message.id, self.id, wanted, stale=stale)
        return Press(self.emu, query.id)

    async def stop(self, chat: ChatHandle, draft_id: int | None = None) -> int:
        """Press Stop under a streamed draft."""
        return await buttons.stop_draft(self.emu, chat.id, self.id, draft_id)

    async def block(self) -> None:
        """Block the bot."""
        await rooms.set_blocked(self.emu, self.id, True)

    async def unblock(self) -> None:
        """Unblock the bot."""
        await rooms.set_blocked(self.emu, self.id, False)

    async def deactivate(self) -> None:
        """Delete the account."""
        await rooms.change_person(self.emu, self.id, deactivated=True)

    def _handle(self, message: Message) -> MessageHandle:
        return MessageHandle(self.emu, message.chat_id, message.id)
