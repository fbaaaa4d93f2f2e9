"""A question over HTTP: put into the durable flow, and its answer waited for or watched as it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.api.listening import CHANNEL, Listener, Listening
from bot.api.replaying import StillGoing
from bot.api.streaming import KEEP_ALIVE_SECONDS, Event
from bot.core.errors import LLMError, MnemaError, NotFound
from bot.core.messages import Incoming
from bot.core.ports import Clock
from bot.services.api_talk import ApiTalk, TurnAnswer, new_conversation_id, new_message_id
from bot.services.reach import Caller
from bot.turns.desk import Turns
from bot.web.problems import Problem

LOOK_SECONDS = 1.0
"""Another process may be the one that answers: after so long a waiting request looks at what is stored."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `seed` makes a repeated question the same one."""

    prompt: str
    user_id: str | None = None
    conversation_id: str | None = None
    model: str | None = None
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is stored and will be answered, whoever waits."""

    turn_id: int
    conversation_id: str


class ChatDesk:
    """Asks and waits. `models` are those that may be named, None where any name is taken."""

    def __init__(
        self, turns: Turns, talk: ApiTalk, listening: Listening, clock: Clock, models: Sequence[str] | None
    ) -> None:
        self._turns = turns
        self._talk = talk
        self._listening = listening
        self._clock = clock
        self._models = models

    async def ask(self, caller: Caller, question: Question) -> Asked:
        """Store a question. Raises Problem (422) for a model that is not offered, NotFound beyond reach."""
        self._check_model(question.model)
        place = await self._talk.open(
            caller, question.user_id, question.conversation_id, new_conversation_id(question.seed)
        )
        external_id = new_message_id(question.seed)
        incoming = Incoming(
            key=f"{CHANNEL}:{external_id}",
            chat=place.chat,
            external_id=external_id,
            sent_at=self._clock.now(),
            sender=place.asker,
            text=question.prompt,
            addressed="private",
            # Where any name is taken, one model answers to all of them.
            model=question.model if self._models is not None else None,
        )
        receipt = await self._turns.receive(incoming, CHANNEL)
        turn_id = receipt.turn_id or await self._talk.turn_of(place.chat, external_id)
        if turn_id is None:
            raise NotFound(f"the question was {receipt.outcome}, and no turn answers it")
        return Asked(turn_id, place.conversation_id)

    async def answer(self, asked: Asked, gone: Callable[[], Awaitable[bool]]) -> TurnAnswer:
        """Wait for the answer, at most until the asker is gone; the turn goes on without them.

        Raises what kept the model from answering.
        """
        with self._listening.listen(asked.turn_id) as listener:
            while (found := await self._settled(asked, listener)) is None:
                await listener.changed(LOOK_SECONDS)
                if await gone():
                    raise StillGoing(499, "The client has gone; the answer is kept in its conversation.")
        return found

    async def events(
        self, asked: Asked, shape: Callable[[TurnAnswer], object]
    ) -> AsyncGenerator[Event | None, None]:
        """The answer as it grows: `delta` events, then `done` with the answer's `shape`. Raises as `answer`.

        A delta holds the `text` to append; with `replace` true it stands in place of all text before, since
        a model that is asked again begins anew.
        """
        with self._listening.listen(asked.turn_id) as listener:
            shown, quiet = "", 0.0
            while (found := await self._settled(asked, listener)) is None:
                rang = await listener.changed(LOOK_SECONDS)
                if listener.text != shown:
                    yield _delta(shown, listener.text)
                    shown = listener.text
                quiet = 0.0 if rang else quiet + LOOK_SECONDS
                if quiet >= KEEP_ALIVE_SECONDS:
                    quiet = 0.0
                    yield None
        if found.text != shown:
            yield _delta(shown, found.text)
        yield Event("done", shape(found))

    async def _settled(self, asked: Asked, listener: Listener) -> TurnAnswer | None:
        found = await self._talk.settled(asked.turn_id)
        if found is None and listener.closing:
            raise StillGoing(
                503, "The bot is being restarted; the answer will be in the conversation.", code="stopping",
                headers={"Retry-After": "5"}, conversation_id=asked.conversation_id,
            )  # fmt: skip
        if found is not None and found.error_key is not None:
            raise _failure(found.error_key)
        return found

    def _check_model(self, model: str | None) -> None:
        if model is None or self._models is None or model in self._models:
            return
        offered = ", ".join(self._models) or "none"
        raise Problem(422, f"This model is not offered; offered are: {offered}.", code="model", field="model")


def _delta(shown: str, text: str) -> Event:
    if text.startswith(shown):
        return Event("delta", {"text": text[len(shown) :]})
    return Event("delta", {"text": text, "replace": True})


def _failure(error_key: str) -> MnemaError:
    kind = error_key.removeprefix("error.llm.")
    known: LLMError | MnemaError = MnemaError(f"the turn failed: {error_key}", user_key=error_key)
    if kind != error_key:
        known = LLMError(kind, f"the turn failed: {error_key}")  # type: ignore[arg-type]  # stored from one
    return known
