"""The composition root: every room's objects, made once, with overrides for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.app.background import attach_background
from bot.app.catching_up import CatchingUp
from bot.app.condition import Condition
from bot.app.indexing import make_embedder
from bot.app.recovery import recover
from bot.app.schema import prepare_database
from bot.context.manager import ContextServices
from bot.context.permanent import PromptLibrary, check_prompt
from bot.core.clock import SystemClock
from bot.core.errors import FileUnavailable
from bot.core.jobs import NewJob, Pool
from bot.core.lock import InstanceLock
from bot.core.nursery import Nursery
from bot.core.ports import LLM, Clock, Files
from bot.core.views import BotIdentity
from bot.db.engine import Database, make_database
from bot.db.repositories import jobs
from bot.jobs.registry import JobRegistry, RetryPolicy
from bot.jobs.schedule import Ticker
from bot.jobs.worker import Worker
from bot.llm.build import build_llm, build_tokens
from bot.llm.tokens import Tokens
from bot.memory.parsing.run import Parser
from bot.memory.recall import Recall
from bot.services.access import Access, AccessRules
from bot.services.conversations import Conversations
from bot.services.knowledge import Knowledge
from bot.services.memories import Memories
from bot.services.reading import Reading
from bot.services.spend import MeteredLLM, SpendLimit
from bot.settings import Settings
from bot.tools import forget_user_fact, get_user_facts, save_user_fact, search_memory, update_user_fact
from bot.tools.dialogue import dialogue_tools
from bot.tools.registry import Tool, ToolRegistry, ToolSettings
from bot.turns.answer import Answerer, AnswerParts
from bot.turns.desk import Turns
from bot.turns.halts import Halts
from bot.turns.loop import ToolLoop
from bot.turns.receive import Receiver
from bot.turns.settling import Settling
from bot.turns.sinks import SinkRouter

SLOTS: Mapping[Pool, int] = {"receive": 16, "answer": 32, "background": 2}
"""Jobs of each pool that run at a time; a long answer holds up no receiving."""

ANSWER_RETRIES = RetryPolicy(attempts=6, patience=120.0, first_pause=1.0, longest_pause=30.0)


def _tools(default_timezone: str) -> tuple[Tool, ...]:
    """All tools, in the order in which they are needed: where room is short, the last ones go.

    The order never changes: endpoints cache a prompt from its beginning, and tools stand there.
    """
    *asking, clear_state = dialogue_tools(default_timezone)
    return (
        save_user_fact.TOOL, search_memory.TOOL, get_user_facts.TOOL, *asking, update_user_fact.TOOL,
        forget_user_fact.TOOL, clear_state,
    )  # fmt: skip


class LateFiles:
    """Files of whichever face is there; before one is, nothing can be fetched."""

    def __init__(self) -> None:
        self.behind: Files | None = None

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        """The bytes from the face. Raises FileUnavailable."""
        if self.behind is None:
            raise FileUnavailable("no face is there to fetch files from")
        return await self.behind.fetch(file_id, max_bytes)


class App:
    """The running product without its faces; every room's objects, made once."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        llm: LLM | None,
        *,
        everyone: bool,
        channel: str,
        slots: Mapping[Pool, int],
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.identity = BotIdentity("Mnema")
        self.database: Database = make_database(settings.database_url)
        self.condition = Condition(self.database)
        self.tokens: Tokens = build_tokens(settings)
        self.spend = SpendLimit(settings.daily_spend_limit, self.database, clock)
        self.llm: LLM = self._metered(llm or build_llm(settings, clock, tokens=self.tokens, spend=self.spend))
        self.nursery = Nursery()
        self.sinks = SinkRouter()
        self.files = LateFiles()
        self.jobs = JobRegistry()
        self.lock = InstanceLock(settings.data_dir / "mnema.lock") if self._is_file else None
        self.access = Access(_rules(settings, everyone), self.database, clock)
        self.embedder = make_embedder(self)
        self.recall = Recall(self.database, self.embedder)
        self.knowledge = Knowledge(self.database, clock, self.tokens, Parser(), self.recall)
        most = settings.max_active_conversations
        self.reading = Reading(self.knowledge, self.files, self.database, clock, most)
        self.memories = Memories(self.database, clock, settings.user_memory_max_facts)
        self.conversations = Conversations(self.database, clock, self.recall, most)
        self.context = self._context()
        self.halts = Halts(self.nursery)
        settling = Settling(settings.default_timezone, self.tokens, lambda: self.identity.name)
        receiver = Receiver(self.database, clock, self.tokens, self.access, channel, settling, most)
        self.turns = Turns(receiver, self.halts, self.database, clock)
        answerer = Answerer(self._answering())
        self.jobs.register("turn.answer", answerer.answer, ANSWER_RETRIES, answerer.give_up)
        self.catching_up = CatchingUp(self)
        self.ticker = Ticker(self.database, clock, attach_background(self))
        self.workers = tuple(
            Worker(pool, count, self.database, self.jobs, clock) for pool, count in slots.items()
        )

    @property
    def _is_file(self) -> bool:
        return self.settings.database_url.startswith("sqlite")

    def _metered(self, llm: LLM) -> LLM:
        prices = self.settings.llm_prices
        return MeteredLLM(llm, self.spend, self.database, self.clock, self.tokens, prices)

    def _context(self) -> ContextServices:
        return ContextServices(
            settings=self.settings,
            clock=self.clock,
            tokens=self.tokens,
            database=self.database,
            files=self.files,
            identity=lambda: self.identity,
            prompts=PromptLibrary(self.settings.system_prompt_file),
            model=lambda: self.llm.model,
        )

    def _answering(self) -> AnswerParts:
        settings, database, clock = self.settings, self.database, self.clock
        tools = self.tools = ToolRegistry(
            _tools(settings.default_timezone),
            database,
            ToolSettings(settings.user_memory_max_facts),
        )
        return AnswerParts(
            database=database,
            clock=clock,
            tokens=self.tokens,
            context=self.context,
            tools=tools,
            loop=ToolLoop(self.llm, tools, database, clock, settings.llm_max_response_tokens),
            sinks=self.sinks,
            halts=self.halts,
            recall=self.recall,
            summaries=settings,
        )

    async def enqueue(self, new: Sequence[NewJob]) -> None:
        """Commit jobs; returns when they are on the disk."""
        now = self.clock.now()
        await self.database.write(lambda s: jobs.enqueue(s, new, now))

    async def open(self) -> None:
        """Recover a damaged file, bring the schema to the present and connect. Raises ConfigError."""
        if self.lock is not None:
            self.lock.acquire()
        self.check()
        await recover(self.settings, self.clock)
        await prepare_database(self.settings.database_url, self.settings.data_dir, self.clock)
        await self.database.open()
        await self.warm()
        if self.lock is not None:
            # Nobody else can hold a lease on this file: whatever runs was cut off by a crash.
            now = self.clock.now()
            await self.database.write(lambda s: jobs.release_all(s, now))

    def check(self) -> None:
        """Raises ConfigError for a system prompt that leaves no room."""
        check_prompt(self.context.prompts, self.settings.context_max_tokens, self.tokens)

    async def warm(self) -> None:
        """Load what the first answer should not wait for."""
        await self.tokens.warm()
        warming = getattr(self.llm, "warm", None)
        if warming is not None:
            # The SDK takes a second to import.
            self.nursery.start(warming(), "warm the model's client")

    async def work(self, *, due: bool = True) -> None:
        """Start doing jobs and, with `due`, finding due work."""
        for worker in self.workers:
            self.nursery.start(worker.run(), f"worker-{worker.pool}")
        if due:
            await self.ticker.start()

    async def close(self, grace: float = 10.0) -> None:
        """Let running work end within `grace` seconds, then leave nothing open."""
        self.ticker.close()
        await asyncio.gather(*(worker.stop(grace) for worker in self.workers))
        await self.nursery.close()
        for model in (self.llm, self.embedder):
            closing = getattr(model, "aclose", None)
            if closing is not None:
                await closing()
        await self.database.close()
        if self.lock is not None:
            self.lock.release()


def build_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    llm: LLM | None = None,
    everyone: bool = False,
    channel: str = "telegram",
    slots: Mapping[Pool, int] = SLOTS,
) -> App:
    """Put the product together. `everyone` opens it to all (the playground); tests override clock and llm.

    `slots` are the pools that this process works on, with how many jobs at a time.
    """
    return App(settings, clock or SystemClock(), llm, everyone=everyone, channel=channel, slots=slots)


def _rules(settings: Settings, everyone: bool) -> AccessRules:
    return AccessRules(
        mode=settings.access,
        owner_id=str(settings.owner_id) if settings.owner_id else None,
        allowed=tuple(str(entry) for entry in settings.allowed_users),
        everyone=everyone,
        default_language=settings.default_language,
    )
