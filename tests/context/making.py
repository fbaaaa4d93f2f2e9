"""Views, services and counters for the tests of the context room."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from bot.context.manager import ContextManager, ContextServices
from bot.context.permanent import PromptLibrary
from bot.core.errors import FileUnavailable
from bot.core.ids import message_id
from bot.core.llm import Message, ToolSpec
from bot.core.messages import AttachmentRef, ChatRef, Person
from bot.core.ports import TokenCounter
from bot.core.scope import Scope
from bot.core.views import BotIdentity, FactView, MessageView, SummaryView, TurnView
from bot.db.engine import Database, make_database
from bot.settings import Settings, load_settings

NOW = datetime(2026, 11, 21, 7, 14, tzinfo=UTC)
ANN = Person("123", "Ann", username="ann", language_code="en")
ANN_LABEL, BOB_LABEL = "Ann (@ann, id:123)", "Bob (id:7)"
PRIVATE = ChatRef("123", "private")
GROUP = ChatRef("-100500", "supergroup", title="Hikers")
CONVERSATION = 3


class Quarters:
    """A counter for pure tests: a token for every four characters or part of them, 85 for an image."""

    def count(self, text: str) -> int:
        return math.ceil(len(text) / 4)

    def count_messages(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
        total = 3 + sum(4 + self._content(message["content"]) for message in messages)
        return total + sum(
            4 + self.count(json.dumps([t.name, t.description, dict(t.parameters)])) for t in tools
        )

    def _content(self, content: Any) -> int:
        if isinstance(content, str):
            return self.count(content)
        return sum(self.count(part["text"]) if part["type"] == "text" else 85 for part in content)


@dataclass
class Stopped:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Shelf:
    """Files by id; what is not there is unavailable, as at the platform."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        self.asked.append(file_id)
        data = self.files.get(file_id)
        if data is None or len(data) > max_bytes:
            raise FileUnavailable(file_id)
        return data


def settings(**values: Any) -> Settings:
    return load_settings(env_file=None, **values)


def services(
    tokens: TokenCounter | None = None,
    *,
    clock: Stopped | None = None,
    files: Shelf | None = None,
    prompt: Path | None = None,
    database: Database | None = None,
    **values: Any,
) -> ContextServices:
    """Services with the shipped default prompt, or with the file `prompt`."""
    library = PromptLibrary(prompt.name, prompt.parent) if prompt else PromptLibrary("default.md")
    return ContextServices(
        settings=settings(**values),
        clock=clock or Stopped(),
        tokens=tokens or Quarters(),
        database=database or make_database("sqlite:///never-opened.db"),
        files=files,
        identity=lambda: BotIdentity("Mnema", "mnema_bot", "999"),
        prompts=library,
        model=lambda: "gpt-4o-mini",
    )


def message(seq: int, text: str, label: str = ANN_LABEL, **values: Any) -> MessageView:
    """A message with an honest stored token count."""
    values = {"sent_at": NOW - timedelta(hours=1), "token_count": Quarters().count(text), **values}
    outgoing = label == "Mnema"
    return MessageView(message_id(CONVERSATION, seq), outgoing, label, text, **values)


def talk(count: int, words: str = "word " * 6, start: int = 1) -> tuple[MessageView, ...]:
    """A conversation by turns, Ann first."""
    return tuple(
        message(seq, f"{words}#{seq}#", ANN_LABEL if seq % 2 else "Mnema")
        for seq in range(start, start + count)
    )


def fact(number: int, text: str | None = None, **values: Any) -> FactView:
    values = {"kind": "preference", "said_at": NOW - timedelta(days=100 - number), **values}
    return FactView(number, text or f"Fact number {number}.", **values)


def summary(kind: str, text: str, days: int) -> SummaryView:
    return SummaryView(kind, text, Quarters().count(text), NOW - timedelta(days=days), NOW)


def view(chat: ChatRef = PRIVATE, text: str | None = "What is new?", **values: Any) -> TurnView:
    """A turn of Ann's in the chat, asked with `text` (None: a context for inspection)."""
    history = values.get("history", ())
    seq = (history[-1].id & 0xFFFFFFFF) + 1 if history else 1
    current = () if text is None else (message(seq, text),)
    base = TurnView(
        scope=Scope(1, 1, chat.private), chat=chat, asker=ANN, conversation_no=CONVERSATION,
        conversation_id="c", language="en", turn_id=1, current=current,
    )  # fmt: skip
    return replace(base, **values)


def tool(number: int, size: int = 40) -> ToolSpec:
    """A tool whose description has about `size` tokens."""
    return ToolSpec(f"tool_{number}", "does " * (size * 4 // 5), {"type": "object", "properties": {}})


async def built(
    with_services: ContextServices, turn: TurnView, tools: Sequence[ToolSpec] = (), room: int = 0, **more: Any
) -> tuple[list[Message], ContextManager]:
    manager = ContextManager.for_turn(with_services, turn, tools, room, **more)
    return await manager.build_context(), manager


def text_of(one: Message) -> str:
    """The text of a message, whatever parts it has."""
    content = one["content"]
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


def layer(manager: ContextManager, name: str) -> Any:
    return next(row for row in manager.trace.layers if row.name == name)


def photo(file_id: str = "p1", **values: Any) -> AttachmentRef:
    return AttachmentRef("image", file_id, **values)


def png(width: int, height: int, mode: str = "RGB", kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), "red" if mode == "RGB" else None).save(out, kind)
    return out.getvalue()
