"""What the context room is given from outside, and how it reaches a manager made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from bot.context.permanent import PromptLibrary
from bot.core.ports import Clock, Files, TokenCounter
from bot.core.views import BotIdentity
from bot.db.engine import Database


class ContextSettings(Protocol):
    """The settings that decide what a context holds; `bot.settings.Settings` is one."""

    @property
    def context_max_tokens(self) -> int: ...
    @property
    def context_strategy(self) -> str: ...
    @property
    def immediate_context_messages(self) -> int: ...
    @property
    def user_memory_max_facts(self) -> int: ...
    @property
    def conversation_summary_after(self) -> int: ...
    @property
    def conversation_window_messages(self) -> int: ...
    @property
    def conversation_max_messages(self) -> int: ...
    @property
    def importance_threshold(self) -> float: ...
    @property
    def important_messages_limit(self) -> int: ...
    @property
    def llm_vision_enabled(self) -> bool: ...
    @property
    def default_timezone(self) -> str: ...
    @property
    def default_language(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ContextServices:
    """Everything a `ContextManager` works with.

    `files` is None where there is no platform to download from; `identity` and `model` are asked anew each
    turn, because the bot may be renamed and the model may fall back.
    """

    settings: ContextSettings
    clock: Clock
    tokens: TokenCounter
    database: Database
    files: Files | None
    identity: Callable[[], BotIdentity]
    prompts: PromptLibrary
    model: Callable[[], str]


_current: ContextVar[ContextServices | None] = ContextVar("mnema_context_services", default=None)


@contextmanager
def use_services(services: ContextServices) -> Iterator[None]:
    """Inside the block, managers whose bot carries no services take these."""
    token = _current.set(services)
    try:
        yield
    finally:
        _current.reset(token)


def services_of(bot: object) -> ContextServices:
    """The services that `bot` carries as `context_services`, else those of `use_services`.

    Raises RuntimeError when there are neither.
    """
    carried = getattr(bot, "context_services", None)
    if isinstance(carried, ContextServices):
        return carried
    current = _current.get()
    if current is None:
        raise RuntimeError(
            "ContextManager has no services: pass the product's own bot, which carries context_services, "
            "or build the context inside `with use_services(services)`"
        )
    return current
