"""The manager of one turn's context: loads it, fetches its pictures, and composes the messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from bot.context.compose import Request, compose
from bot.context.data import Recalled
from bot.context.load import as_view, chat_ref, load_chat, named
from bot.context.services import ContextServices, services_of, use_services
from bot.context.visual import load_pictures
from bot.core.llm import Message, ToolSpec
from bot.core.messages import ChatRef, Person
from bot.core.trace import ContextTrace
from bot.core.views import TurnView

__all__ = ["ContextManager", "ContextServices", "Recalled", "use_services"]

_LARGE = 16_000
"""Tokens from which composing would hold up the event loop."""


class ContextManager:
    """Made per turn. After `build_context`, `trace` tells what the messages hold and `tools` what stays."""

    def __init__(
        self,
        chat_id: int | str,
        user_id: int | str,
        bot: object,
        reply_to_message: Any | None = None,
        chat_title: str | None = None,
        chat_type: str | None = None,
    ) -> None:
        """The context of a chat as `user_id` would be answered there now.

        `bot` carries the services as `context_services`, or they come from `use_services`; without either a
        RuntimeError tells so. `reply_to_message` is the platform's own message object.
        """
        self._prepare(services_of(bot))
        self._chat: ChatRef = chat_ref(chat_id, chat_title, chat_type, reply_to_message)
        self._person = Person(str(user_id))
        self._reply = reply_to_message

    @classmethod
    def for_turn(
        cls,
        services: ContextServices,
        view: TurnView,
        tools: Sequence[ToolSpec] = (),
        room: int = 0,
        *,
        states: Sequence[str] = (),
        recalled: Sequence[Recalled] | None = None,
    ) -> Self:
        """The context of a loaded turn.

        `tools` stand in the order of need; `room` tokens of the ceiling are left to tool results. `states`
        and `recalled` enter the data block, the latter as far as their share goes, first ones first. Where
        recall is asked each turn, pass `()` when it found nothing: then the window keeps its share free, and
        its edge stays where it is.
        """
        manager = cls.__new__(cls)
        manager._prepare(services)
        manager._view, manager._room = view, max(0, room)
        manager._offered, manager._states, manager._recalled = tuple(tools), tuple(states), recalled
        return manager

    def _prepare(self, services: ContextServices) -> None:
        self._services = services
        self._view: TurnView | None = None
        self._room = 0
        self._offered: tuple[ToolSpec, ...] = ()
        self._states: tuple[str, ...] = ()
        self._recalled: Sequence[Recalled] | None = None
        self.tools: tuple[ToolSpec, ...] = ()
        self.trace = ContextTrace()

    async def build_context(self) -> list[Message]:
        """The messages, within CONTEXT_MAX_TOKENS.

        Raises LLMError("too_large") when `room` leaves too little for what must be kept.
        """
        services, settings = self._services, self._services.settings
        view = self._view or await self._load()
        pictures = await load_pictures(view, services.files, vision=settings.llm_vision_enabled)
        request = Request(services, view, self._offered, self._room, pictures, self._states, self._recalled)
        if settings.context_max_tokens > _LARGE:
            composed = await asyncio.to_thread(compose, request)
        else:
            composed = compose(request)
        self.trace, self.tools = composed.trace, composed.tools
        return composed.messages

    async def _load(self) -> TurnView:
        view = named(await load_chat(self._services, self._chat, self._person), self._chat.title)
        if self._reply is not None:
            view = replace(view, replied=as_view(self._reply, self._services.identity().external_id))
        return view
