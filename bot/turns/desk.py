"""The flow's front desk: what faces call."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Incoming, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Chat, Turn, User
from bot.db.repositories import jobs, people, talk, turns
from bot.turns.halts import Halts
from bot.turns.receive import Receipt, Receiver, turn_job


class Turns:
    """Receives messages, stops and retries answers, and keeps what became visible."""

    def __init__(self, receiver: Receiver, halts: Halts, database: Database, clock: Clock) -> None:
        self._receiver = receiver
        self._halts = halts
        self._db = database
        self._clock = clock

    async def receive(self, incoming: Incoming, channel: str | None = None) -> Receipt:
        """Store a message; answer it when the bot is meant."""
        return await self._receiver.receive(incoming, channel)

    async def edited(self, incoming: Incoming) -> None:
        """Take over an edited text."""
        await self._receiver.edited(incoming)

    async def stop(self, chat: ChatRef, person: Person) -> int:
        """Halt the person's answers in this chat at once; returns how many there were.

        What an anonymous administrator asked has no other owner, so that anybody may halt it.
        """

        def unit(session: Session) -> list[int]:
            row, user = people.find_chat(session, chat), people.find_user(session, person)
            if row is None or user is None:
                return []
            ids = turns.open_turns(session, row.id, user.id)
            for turn_id in turns.open_turns(session, row.id, None):
                asker = session.get_one(User, session.get_one(Turn, turn_id).user_id)
                if people.stands_for_chat(asker):
                    ids.append(turn_id)
            turns.request_stop(session, ids)
            return ids

        return self._halt(await self._db.write(unit))

    async def leave(self, chat: ChatRef) -> int:
        """The bot was sent away: what it still owes in this chat ends; returns how much that was."""

        def unit(session: Session) -> list[int]:
            row = people.find_chat(session, chat)
            if row is None or row.external_id != chat.external_id:
                return []
            ids = turns.open_turns(session, row.id, None)
            turns.request_stop(session, ids)
            return ids

        return self._halt(await self._db.write(unit))

    def _halt(self, ids: list[int]) -> int:
        for turn_id in ids:
            self._halts.halt(turn_id)
        return len(ids)

    async def retry(self, turn_id: int, person: Person) -> bool:
        """Answer a failed turn again; False when it is not the person's or did not fail."""
        now = self._clock.now()

        def unit(session: Session) -> bool:
            turn, user = session.get(Turn, turn_id, with_for_update=True), people.find_user(session, person)
            if turn is None or user is None or turn.error_key is None:
                return False
            if turn.user_id != user.id and not people.stands_for_chat(session.get_one(User, turn.user_id)):
                return False
            turn.status, turn.error_key, turn.stop_requested = "waiting", None, False
            again = int(now.timestamp() * 1000)
            jobs.enqueue(session, [turn_job(turn, now, again)], now)
            return True

        return await self._db.write(unit)

    async def delivered(self, turn_id: int) -> tuple[str, ...]:
        """The platform's ids of what is visible of a turn's answer."""
        return await self._db.read(lambda s: turns.visible(s, turns.delivery_key(turn_id))) or ()

    async def note_delivery(self, turn_id: int, external_ids: tuple[str, ...], *, done: bool) -> None:
        """Store what is visible now, and which of our messages the platform's ids stand for."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            turn = session.get(Turn, turn_id)
            if turn is None:
                return
            chat = session.get_one(Chat, turn.chat_id)
            key = turns.delivery_key(turn_id)
            turns.note_visible(session, key, chat.external_id, external_ids, now, done=done)
            if turn.reply_message_id is not None:
                talk.refer(session, turn.chat_id, external_ids, turn.reply_message_id)

        await self._db.write(unit)

    async def reply_state(self, key: str) -> tuple[str, ...] | None:
        """The ids of a command's answer under its delivery key; None if it was never sent."""
        return await self._db.read(lambda s: turns.visible(s, key))

    async def note_reply(self, key: str, chat: ChatRef, external_ids: tuple[str, ...]) -> None:
        """Store that a command was answered."""
        now = self._clock.now()
        await self._db.write(
            lambda s: turns.note_visible(s, key, chat.external_id, external_ids, now, done=True)
        )
