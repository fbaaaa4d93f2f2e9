"""The context of a chat as it would be now, looked at beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.app.beside import database_beside
from bot.app.wiring import App, build_app
from bot.context.load import load_chat
from bot.context.permanent import check_prompt
from bot.core.errors import NotFound
from bot.core.llm import Message
from bot.core.messages import ChatRef, Person
from bot.core.trace import ContextTrace
from bot.core.views import BotIdentity, TurnView
from bot.db.repositories.audit import chat_target
from bot.db.repositories.insight import find_place
from bot.services.insight import note_reveal
from bot.settings import Settings
from bot.turns.prompting import Prompting


@dataclass(frozen=True, slots=True)
class Assembled:
    """A built context: for whom and where, the trace, the messages with their tokens, the tools by name."""

    chat: ChatRef
    asker: Person
    trace: ContextTrace
    messages: Sequence[Message]
    tokens: Sequence[int]
    tools: Sequence[str]


class Inspector:
    """Builds contexts and sends none."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def assemble(self, chat_id: str, user_id: str | None, topic_id: int | None) -> Assembled:
        """What `user_id` (else whoever asked last) would be answered with in a chat. Raises NotFound."""
        app = self._app
        place = await app.database.read(lambda s: find_place(s, chat_id, user_id, topic_id))
        if place is None:
            raise NotFound(f"Nobody is known to have asked in a chat {chat_id}.")
        chat, asker = place
        view = await load_chat(app.context, chat, asker)
        if not view.conversation_id:
            raise NotFound(f"There is no open conversation of {asker.external_id} in the chat {chat_id}.")
        app.identity = _name_in(view) or app.identity
        prompting = Prompting(app.context, app.tools, app.recall, view)
        messages, offered = await prompting.prompt(())
        tokens = [app.tokens.count_messages([message]) for message in messages]
        return Assembled(chat, asker, prompting.trace, messages, tokens, [tool.name for tool in offered])

    async def note_reveal(self, actor: str, chat: ChatRef) -> None:
        """Write down that an operator is about to see the texts of a chat."""
        target = chat_target(chat.platform, chat.external_id)
        await note_reveal(self._app.database, actor, target, self._app.clock)


def _name_in(view: TurnView) -> BotIdentity | None:
    """The name under which the bot answered here; this process has not asked Telegram for it."""
    names = [message.label for message in view.history if message.outgoing]
    return BotIdentity(names[-1]) if names else None


@asynccontextmanager
async def open_inspector(settings: Settings) -> AsyncIterator[Inspector]:
    """An inspector on the configured database, which must be there and up to date. Raises ConfigError."""
    app = build_app(settings)
    check_prompt(app.context.prompts, settings.context_max_tokens, app.tokens)
    async with database_beside(settings, app.database):
        await app.tokens.warm()
        try:
            yield Inspector(app)
        finally:
            await app.close(0.0)
