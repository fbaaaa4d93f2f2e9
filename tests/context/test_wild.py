"""Ten thousand random turns, settings and faults: no prompt is over the ceiling or without its must-keeps.

By default all of them go through the division of the ceiling, and some through the whole room; EXPLORE=1
sends all of them through it.
"""

from __future__ import annotations

import os
import random
from itertools import pairwise

from bot.context.budget import FACTS, IMPORTANT, MAX_TOOLS, RECALL, SUMMARIES, TOOL_TOKENS, fit
from bot.context.inert import CUT, clean
from bot.context.window import MIN_HISTORY
from bot.core.llm import Message
from tests.context.making import Shelf, built, layer, png, services, text_of
from tests.context.wild import Wild, case, demand

CASES = 10_000
WHOLE = CASES if "EXPLORE" in os.environ else 120
SHELF = Shelf({"p1": png(700, 520), "p2": png(90, 60)})
LAST_RULE = "Let known facts shape the answer without reciting them."


def test_every_division_holds() -> None:
    dice = random.Random(11)
    for number in range(CASES):
        wanted = demand(dice)
        plan = fit(wanted)
        kept = len(wanted.history) - plan.history
        history = sum(wanted.history[kept:])
        facts = sum(i.tokens for i in wanted.facts if i.id in plan.facts)
        recall = sum(i.tokens for i in wanted.recall if i.id in plan.recall)
        older = [i for i in wanted.important if i.id in plan.important]
        tools = sum(wanted.tools[: plan.tools])
        must = wanted.system + wanted.data + wanted.images + plan.current + plan.replied
        layers = facts + recall + history + sum(i.tokens for i in older) + sum(plan.summaries)
        assert must + tools + layers <= max(must, wanted.ceiling - wanted.room), number
        assert plan.tools <= MAX_TOOLS
        assert tools <= TOOL_TOKENS
        assert facts <= plan.rest * FACTS
        assert sum(plan.summaries) <= plan.rest * SUMMARIES
        assert recall <= plan.rest * RECALL
        assert sum(i.tokens for i in older) <= plan.history_room * IMPORTANT
        assert len(older) <= wanted.important_limit
        edge = wanted.history_seqs[kept] if plan.history else float("inf")
        assert all(int(i.id) < edge for i in older)
        last = wanted.history[-MIN_HISTORY:]
        assert plan.history >= len(last) or sum(last) > plan.rest - facts


async def test_every_prompt_holds() -> None:
    dice = random.Random(12)
    for number in range(WHOLE):
        await holds(case(dice), number)


async def holds(wild: Wild, number: int) -> None:
    with_services = services(wild.counter, files=SHELF, **wild.settings)
    more = {"states": wild.states, "recalled": wild.recalled}
    messages, manager = await built(with_services, wild.turn, wild.tools, wild.room, **more)
    ceiling = wild.settings["context_max_tokens"]
    total = wild.counter.count_messages(messages, manager.tools)
    assert total == manager.trace.total <= ceiling - wild.room, number
    roles = [m["role"] for m in messages]
    assert roles[0] == "system"
    assert all(a != b for a, b in pairwise(roles))
    assert roles[1] == roles[-1] == "user"
    assert messages[0]["content"].startswith("You are Mnema")
    assert LAST_RULE in messages[0]["content"]
    must_keeps(wild, messages, {row.name: row.reason for row in manager.trace.layers})
    kept = layer(manager, "important").kept
    assert list(kept) == sorted(kept)
    assert not set(kept) & set(layer(manager, "history").kept)
    for row in manager.trace.layers:
        assert len(row.reasons) == len(row.dropped)


def must_keeps(wild: Wild, messages: list[Message], reasons: dict[str, str | None]) -> None:
    block, _, said = text_of(messages[-1]).rpartition("</context>")
    words = "".join(clean(m.text) for m in wild.turn.current).strip()
    assert said.strip() or not words
    if reasons["current"] == "shortened":
        assert CUT.strip() in said or len(said) < 4 * len(CUT)
    if wild.turn.replied is not None:
        shown = block.split("the message replied to, by ")[1].partition("\n")[2]
        assert shown.strip() or not clean(wild.turn.replied.text).strip()
        if reasons["replied"] == "shortened":
            assert CUT.strip() in shown or len(shown) < 4 * len(CUT)
