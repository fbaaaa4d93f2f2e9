"""What a reply knew."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader
from bot.api.routing import make_router
from bot.api.schemas import MessageId, UtcTime
from bot.api.schemas.common import message_number
from bot.api.services import service
from bot.services.accounts import ReplyTrace
from bot.services.insight import Insight

router = make_router("messages", prefix="/api/v1/messages")


class _Shown(BaseModel):
    """Made of a value of the house by its attributes."""

    model_config = ConfigDict(from_attributes=True)


class LayerShown(BaseModel):
    """A layer of the prompt: its tokens and share, what was kept and what was dropped, and why."""

    name: str = Field(examples=["history"])
    tokens: int = Field(examples=[2140])
    allowed: int = Field(examples=[2600])
    kept: list[str] = Field(examples=[["4294967297"]])
    dropped: list[str] = Field(examples=[["4294967296"]])
    reason: str | None = Field(None, examples=["budget"])


class SourceShown(_Shown):
    """The message that a fact was said in."""

    message_id: MessageId
    said_at: UtcTime
    link: str | None


class FactShown(_Shown):
    """A fact that stood in the prompt; texts are null where they are hidden."""

    id: int = Field(examples=[7])
    kind: str = Field(examples=["home"])
    said_at: UtcTime
    text: str | None = Field(examples=["Lives in Oslo"])
    quote: str | None = Field(examples=["I live in Oslo"])
    source: SourceShown | None


class MessageShown(_Shown):
    """An earlier message that a layer brought in."""

    id: MessageId
    layer: str = Field(examples=["recall"])
    sent_at: UtcTime
    speaker: str | None
    text: str | None
    link: str | None


class KnowledgeShown(_Shown):
    """A passage of a document."""

    chunk_id: int
    document_id: int
    title: str | None
    page: int | None
    heading: str | None


class ToolShown(_Shown):
    """A tool call with the first line of its result."""

    name: str = Field(examples=["save_user_fact"])
    failed: bool
    result: str | None = Field(examples=["Saved."])


class UsageShown(_Shown):
    """All model calls of the answer; `cost` in dollars, null without a known price."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost: float | None
    estimated: bool


class TraceShown(BaseModel):
    """What one reply knew. `hidden_facts` stood in the prompt and are not shown (any more)."""

    message_id: MessageId | None
    turn_id: int
    conversation_id: str = Field(examples=["2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e"])
    asked_at: UtcTime
    seconds: float | None = Field(examples=[2.4])
    model: str | None = Field(examples=["gpt-4o-mini"])
    usage: UsageShown | None
    layers: list[LayerShown]
    facts: list[FactShown]
    hidden_facts: int
    messages: list[MessageShown]
    summaries: list[str] = Field(examples=[["week"]])
    knowledge: list[KnowledgeShown]
    tools: list[ToolShown]
    prompt: list[dict[str, Any]] | None = Field(
        None, description="As it was sent; kept for TRACE_RETENTION_DAYS."
    )
    prompt_kept: bool
    revealed: bool


@router.get("/{message_id}/trace", summary="Show what a reply knew")
async def get_trace(
    caller: Reader,
    message_id: Annotated[str, Path(examples=["4294967297"])],
    insight: Annotated[Insight, Depends(service(Insight))],
    reveal: Annotated[bool, Query(description="Show an admin the texts, too; this is noted.")] = False,
) -> TraceShown:
    """The layers with their tokens, the facts, messages and documents used, tools, model, usage and time.

    Take the id of the reply or of the question. An admin sees no texts without `reveal=true`.
    """
    return _shown(await insight.trace_for(caller, message_number(message_id), reveal=reveal))


def _shown(trace: ReplyTrace) -> TraceShown:
    return TraceShown(
        message_id=None if trace.message_id is None else str(trace.message_id),
        turn_id=trace.turn_id,
        conversation_id=trace.conversation_id,
        asked_at=trace.asked_at,
        seconds=trace.seconds,
        model=trace.model,
        usage=None if trace.usage is None else UsageShown.model_validate(trace.usage),
        layers=[LayerShown.model_validate(_texts(row)) for row in trace.layers],
        facts=[FactShown.model_validate(fact) for fact in trace.facts],
        hidden_facts=trace.hidden,
        messages=[MessageShown.model_validate(message) for message in trace.messages],
        summaries=list(trace.summaries),
        knowledge=[KnowledgeShown.model_validate(passage) for passage in trace.knowledge],
        tools=[ToolShown.model_validate(tool) for tool in trace.tools],
        prompt=list(trace.prompt) if trace.prompt is not None else None,
        prompt_kept=trace.prompt_kept,
        revealed=trace.revealed,
    )


def _texts(row: Any) -> dict[str, Any]:
    """A layer whose ids are texts: numbers of messages are larger than JavaScript counts."""
    return {**row, "kept": [str(one) for one in row["kept"]], "dropped": [str(one) for one in row["dropped"]]}
