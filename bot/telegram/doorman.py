"""What is said to those whom the bot does not serve (yet)."""

from __future__ import annotations

import logging
from collections import OrderedDict

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.telegram.desk import Desk
from bot.telegram.keyboards import approve_buttons
from bot.telegram.ports import Outcome
from bot.telegram.render import Part

log = logging.getLogger(__name__)

_QUIET_SECONDS = 60.0
_MOST_STRANGERS = 1000


class Doorman:
    """One clear word to a stranger, and one to a group that waits for its approval."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # In memory only: nothing of a stranger is stored.
        self._told: OrderedDict[str, float] = OrderedDict()

    async def answer(self, outcome: Outcome, chat: ChatRef, person: Person | None, desk: Desk) -> None:
        """Say why there will be no answer, if that is the outcome."""
        if outcome == "stranger" and chat.private and person is not None:
            await self._stranger(chat, person, desk)
        elif outcome == "group_pending":
            await self.pending(chat, person, desk)

    async def pending(self, chat: ChatRef, person: Person | None, desk: Desk) -> None:
        """Ask once for the group's approval."""
        t = await desk.translator(person)
        text = t("This group is not approved yet: I record and answer nothing here until my owner agrees.")
        await desk.replier(pending_key(chat), chat).send(text, approve_buttons(t))

    async def _stranger(self, chat: ChatRef, person: Person, desk: Desk) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(person.external_id, float("-inf")) < _QUIET_SECONDS:
            return
        self._told[person.external_id] = now
        self._told.move_to_end(person.external_id)
        if len(self._told) > _MOST_STRANGERS:
            self._told.popitem(last=False)
        t = await desk.translator(person)
        try:
            await desk.writer(chat).send(Part(t("Sorry, this bot is private. Ask its owner to let you in.")))
        except DeliveryError as error:
            log.info("a stranger was not told: %s", error)


def pending_key(chat: ChatRef) -> str:
    """The delivery key of the one request for a group's approval."""
    return f"pending:{chat.external_id}"
