"""The numbers of what a key reaches, and of the whole instance."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from bot.api.access import Admin, Reader
from bot.api.routing import make_router
from bot.api.services import service
from bot.core.llm import Used
from bot.memory.topics import Topic
from bot.services.instance_statistics import InstanceNumbers

router = make_router("statistics")

Numbers = Annotated[InstanceNumbers, Depends(service(InstanceNumbers))]


class UsedShown(BaseModel):
    """What calls of models took; of calls without a known price the cost counts as nothing."""

    calls: int = Field(examples=[96])
    answers: int = Field(examples=[84], description="Answers that calls were made for.")
    prompt_tokens: int = Field(examples=[61250])
    completion_tokens: int = Field(examples=[4180])
    cached_tokens: int = Field(examples=[30720], description="Of the prompt tokens, those from a cache.")
    cost: float = Field(examples=[0.012], description="Dollars, as far as prices are known.")


class ModelShown(UsedShown):
    """What a model took."""

    model: str = Field(examples=["gpt-4o-mini"])


class PurposeShown(UsedShown):
    """What calls of one sort took: replies, summaries, reading talk for facts, embeddings."""

    purpose: str = Field(examples=["reply"])


class DayShown(UsedShown):
    """What a UTC day took."""

    day: datetime.date = Field(examples=["2026-03-14"])


class TopicShown(BaseModel):
    """A word that people use, in its most frequent form."""

    topic: str = Field(examples=["docker"])
    messages: int = Field(examples=[17], description="Messages of the last 30 days that hold it in any form.")


class MemoriesCounted(BaseModel):
    """Valid memories by what they are about."""

    user: int = Field(examples=[42])
    conversation: int = Field(examples=[3])
    system: int = Field(examples=[1], description="The owner's rules; 0 for all but admins.")


Topics = Annotated[
    list[TopicShown],
    Field(
        description="The most frequent words of the last 30 days, function words left out; counted anew "
        "every hour, or daily where much is said. A word that fewer than three people used is not shown."
    ),
]


class MemoryStatsShown(BaseModel):
    """What is kept. Incognito and deleted conversations are in none of the numbers."""

    conversations: int = Field(examples=[12])
    users: int = Field(examples=[5])
    messages: int = Field(examples=[640])
    memories: MemoriesCounted
    storage_bytes: int | None = Field(
        examples=[1048576], description="Of the whole database; null for all but admins."
    )
    popular_topics: Topics
    models: list[ModelShown]


class InstanceStatsShown(BaseModel):
    """The whole instance. The averages are of the last 500 answers, null where there were none.

    Tokens and cost are of every paid call, incognito ones too: they are money.
    """

    users: int = Field(examples=[5])
    dialogues: int = Field(examples=[12], description="Conversations, groups and sessions included.")
    active: int = Field(examples=[6])
    messages: int = Field(examples=[640])
    relevance: float | None = Field(
        examples=[0.71], description="How well documents fitted the answers, from 0 to 1."
    )
    response_seconds: float | None = Field(examples=[2.4], description="From a question to its answer.")
    prompt_tokens: int = Field(examples=[61250])
    completion_tokens: int = Field(examples=[4180])
    cost: float = Field(examples=[0.012], description="Dollars, as far as prices are known.")
    memories: MemoriesCounted
    storage_bytes: int = Field(examples=[1048576])
    popular_topics: Topics
    models: list[ModelShown]
    purposes: list[PurposeShown]
    days: list[DayShown] = Field(description="The last 30 days, the oldest first.")


@router.get("/memory/stats", summary="Count what is kept")
async def get_memory_stats(caller: Reader, numbers: Numbers) -> MemoryStatsShown:
    """An admin's are of the whole instance, a bound key's of its person, another key's of its application."""
    found = await numbers.memory(caller)
    return MemoryStatsShown(
        conversations=found.conversations,
        users=found.users,
        messages=found.messages,
        memories=MemoriesCounted.model_validate(found.memories),
        storage_bytes=found.storage_bytes,
        popular_topics=_topics(found.popular_topics),
        models=_models(found.models),
    )


@router.get("/api/v1/stats", summary="Show the instance's numbers")
async def get_instance_stats(caller: Admin, numbers: Numbers) -> InstanceStatsShown:
    """Dialogues, messages, averages, tokens and cost of everybody, by model, purpose and day."""
    found = await numbers.whole(caller)
    return InstanceStatsShown(
        **asdict(found.everybody.numbers),
        users=found.everybody.users,
        memories=MemoriesCounted.model_validate(found.memories),
        storage_bytes=found.storage_bytes,
        popular_topics=_topics(found.popular_topics),
        models=_models(found.models),
        purposes=[PurposeShown(purpose=name, **asdict(used)) for name, used in found.purposes.items()],
        days=[DayShown(day=day, **asdict(used)) for day, used in found.days],
    )


def _topics(found: Sequence[Topic]) -> list[TopicShown]:
    return [TopicShown(topic=topic.word, messages=topic.messages) for topic in found]


def _models(found: Mapping[str, Used]) -> list[ModelShown]:
    return [ModelShown(model=name, **asdict(used)) for name, used in found.items()]
