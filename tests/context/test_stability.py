"""What endpoints cache: the beginning of the prompt stays the same, byte for byte, from turn to turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.core.llm import Message
from bot.core.messages import ChatRef
from bot.core.views import MessageView, ProfileView
from tests.context.making import (
    GROUP,
    PRIVATE,
    Stopped,
    built,
    fact,
    layer,
    message,
    services,
    summary,
    tool,
    view,
)

FACTS = tuple(
    fact(n, f"Fact {n}: likes long walks along the river in the early spring.") for n in range(1, 51)
)
SUMMARIES = (summary("recent", "They planned. " * 80, 7), summary("long", "They met. " * 500, 30))


def said(seq: int, words: int) -> list[MessageView]:
    """A question and its answer; lengths differ from turn to turn."""
    length = (seq * 7) % 11 + 1
    return [message(seq, "why " * length * words), message(seq + 1, "because " * length * words, "Mnema")]


async def turns(chat: ChatRef, count: int, words: int) -> tuple[list[list[Message]], list[int]]:
    clock, prompts, edges = Stopped(), [], []
    with_services = services(clock=clock)
    history: list[MessageView] = []
    for number in range(count):
        clock.at += timedelta(minutes=7)
        question, answer = said(2 * number + 1, words)
        base = view(
            chat, facts=FACTS, summaries=SUMMARIES, context_summary="They greeted each other.",
            profile=ProfileView(timezone="Europe/Kyiv", pronouns="she/her"), history=tuple(history[-100:]),
        )  # fmt: skip
        messages, manager = await built(with_services, replace(base, current=(question,)), [tool(1), tool(2)])
        prompts.append(messages)
        edges += layer(manager, "history").kept[:1]
        history += [question, answer]
    return prompts, edges


@pytest.mark.parametrize("chat", [PRIVATE, GROUP])
@pytest.mark.parametrize("words", [2, 12])
async def test_the_system_message_does_not_change(chat: ChatRef, words: int) -> None:
    prompts, _ = await turns(chat, 30, words)
    assert len({prompt[0]["content"] for prompt in prompts}) == 1


@pytest.mark.parametrize(("words", "moves"), [(1, 6), (12, 30)])
async def test_history_only_grows_except_when_its_edge_moves(words: int, moves: int) -> None:
    prompts, edges = await turns(PRIVATE, 120, words)
    moved = 0
    for before, after in pairwise(prompts):
        known = before[:-1]
        moved += after[: len(known)] != known
    assert 1 <= moved <= moves
    assert edges == sorted(edges)


async def test_a_new_fact_changes_only_its_line() -> None:
    first, _ = await built(services(), view(facts=FACTS[:3]))
    second, _ = await built(services(), view(facts=FACTS[:4]))
    new = f"- {FACTS[3].text}\n"
    assert second[0]["content"].replace(new, "") == first[0]["content"]


async def test_a_groups_system_message_is_the_same_for_everybody() -> None:
    bob = replace(view().asker, external_id="7", first_name="Bob", username=None)
    texts = set()
    for turn in (
        view(GROUP, facts=FACTS[:3], summaries=SUMMARIES, profile=ProfileView(timezone="Asia/Tokyo")),
        replace(view(GROUP, summaries=SUMMARIES, profile=ProfileView(pronouns="he")), asker=bob),
    ):
        messages, _ = await built(services(), turn)
        texts.add(messages[0]["content"])
    assert len(texts) == 1
