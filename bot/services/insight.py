"""What a reply knew: for its asker, for others in a group, and for operators, whose looking is noted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import NotAllowed, NotFound
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.repositories import audit, insight, ledger, people
from bot.db.repositories.insight import TracedTurn
from bot.services.accounts import ReplyTrace
from bot.services.audit import actor_of
from bot.services.reach import Caller, conversation_of
from bot.services.tracing import Eyes, account_of

REVEAL = "trace.reveal"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs the instance, by the name under which their looking is noted."""

    name: str


class Insight:
    """Reads the traces of replies."""

    def __init__(self, database: Database, clock: Clock, default_timezone: str = "UTC") -> None:
        self._db = database
        self._clock = clock
        self._default_timezone = default_timezone

    async def trace_of(
        self,
        viewer: Person | Operator,
        *,
        message_id: int | None = None,
        turn_id: int | None = None,
        reveal: bool = False,
    ) -> ReplyTrace:
        """The trace of a reply by its message (or its question's), or by its turn.

        A person sees their own; an operator sees no texts unless `reveal`, which is written to the audit.
        Raises NotFound for what kept no trace or is not the person's.
        """
        now = self._clock.now()

        def unit(session: Session) -> ReplyTrace:
            found = traced(session, message_id=message_id, turn_id=turn_id)
            if isinstance(viewer, Person):
                user = people.find_user(session, viewer)
                if user is None or user.id != found.turn.user_id:
                    raise NotFound("this trace is somebody else's")
                return owner_view(session, found, now, with_prompt=True)
            if reveal:
                audit.note(session, viewer.name, REVEAL, f"turn:{found.turn.id}", now)
            return operator_view(session, found, now, reveal=reveal)

        return await (self._db.write(unit) if reveal else self._db.read(unit))

    async def trace_for(self, caller: Caller, message_id: int, *, reveal: bool = False) -> ReplyTrace:
        """The same for a caller of the API: an admin is an operator, others see what is their own.

        Raises NotFound beyond the caller's reach, NotAllowed when another than an admin asks to `reveal`.
        """
        if reveal and not caller.admin:
            raise NotAllowed("only an admin may look into what is not their own")
        if caller.admin:
            return await self.trace_of(Operator(actor_of(caller)), message_id=message_id, reveal=reveal)
        now = self._clock.now()

        def unit(session: Session) -> ReplyTrace:
            found = traced(session, message_id=message_id)
            conversation_of(session, caller, found.conversation.id)
            return owner_view(session, found, now, with_prompt=True)

        return await self._db.read(unit)

    async def trace_here(self, asker: Person, chat: ChatRef, external_id: str | None) -> ReplyTrace | None:
        """The trace of the answer behind a platform's message in a chat, or of the asker's last one there.

        In a group the asker gets what may be read by all of it; anybody else there no personal facts.
        None where no trace is kept.
        """
        now = self._clock.now()

        def unit(session: Session) -> ReplyTrace | None:
            row, user = people.find_chat(session, chat), people.find_user(session, asker)
            user_id = None if user is None else user.id
            if row is None:
                return None
            if external_id is not None:
                found = insight.by_external_id(session, row, external_id)
            else:
                found = insight.latest(session, row, chat.topic_id, user_id) if user_id else None
            if found is None or found.chat.id != row.id:
                return None
            own = found.turn.user_id == user_id
            if chat.private and not own:
                return None
            eyes = Eyes("own" if own else "shared", Scope(user_id, row.id, chat.private), now)
            chosen = people.profile_of(session, user_id).timezone if user_id else None
            return replace(account_of(session, found, eyes), zone=chosen or self._default_timezone)

        return await self._db.read(unit)


def traced(session: Session, *, message_id: int | None = None, turn_id: int | None = None) -> TracedTurn:
    """A turn by its reply's (or question's) message or by its id. Raises NotFound without a trace."""
    found = insight.by_turn(session, turn_id) if turn_id is not None else None
    if message_id is not None:
        found = insight.by_message(session, message_id)
    if found is None:
        raise NotFound("no trace is kept of this")
    return found


def owner_view(
    session: Session, found: TracedTurn, now: datetime, *, with_prompt: bool = False
) -> ReplyTrace:
    """What the asker of a turn sees of it where nobody reads along."""
    scope = Scope(found.turn.user_id, found.chat.id, private=True)
    trace = account_of(session, found, Eyes("own", scope, now))
    return _with_prompt(session, trace) if with_prompt else trace


def operator_view(session: Session, found: TracedTurn, now: datetime, *, reveal: bool) -> ReplyTrace:
    """What an operator sees; with `reveal` the caller has noted it in the audit in the same unit."""
    eyes = Eyes("revealed" if reveal else "hidden", Scope(None, found.chat.id, private=True), now)
    trace = account_of(session, found, eyes)
    return _with_prompt(session, trace) if reveal else trace


async def note_reveal(database: Database, actor: str, target: str, clock: Clock) -> None:
    """Write down that somebody asked to see texts that are not their own, before they see them."""
    now = clock.now()
    await database.write(lambda s: audit.note(s, actor, REVEAL, target, now))


def _with_prompt(session: Session, trace: ReplyTrace) -> ReplyTrace:
    return replace(trace, prompt=ledger.sent_prompt(session, trace.turn_id))
