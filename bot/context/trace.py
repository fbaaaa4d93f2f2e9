"""Tells what became of every layer: tokens, what was kept, what was dropped and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.context.budget import TOOL_TOKENS, Demand, Item, Plan
from bot.context.prompt import Layers, Prompt
from bot.core.trace import ContextTrace, LayerTrace

Ids = Sequence[int | str]


def explain(layers: Layers, demand: Demand, plan: Plan, prompt: Prompt, total: int) -> ContextTrace:
    """The trace of an assembled prompt; its layers stand in the order in which the prompt holds them."""
    rows = (
        _layer("system", demand.system, demand.ceiling // 4, ["prompt"], []),
        _tools(layers, demand, plan),
        _summaries(layers, demand, plan),
        _items("facts", demand.facts, plan.facts, plan.facts_room, [fact.id for fact in layers.facts]),
        _history(layers, demand, plan),
        _layer("data", demand.data, demand.data, [], []),
        _items("recall", demand.recall, plan.recall, plan.recall_room, [item.id for item in layers.recalled]),
        _must("replied", demand.replied, plan.replied, demand.replied_cap, _ids(layers.view.replied)),
        _layer("images", demand.images if layers.parts else 0, demand.images, *_images(layers)),
        _must("current", demand.current, plan.current, demand.current_cap, _ids(*layers.view.current)),
    )
    return ContextTrace(rows, total, demand.ceiling, _notes(layers, demand, plan))


def _layer(name: str, tokens: int, allowed: int, kept: Ids, dropped: Ids) -> LayerTrace:
    return LayerTrace(name, tokens, allowed, tuple(kept), tuple(dropped), "budget" if dropped else None)


def _items(
    name: str, items: Sequence[Item], kept: Collection[int | str], room: int, every: Ids
) -> LayerTrace:
    tokens = sum(item.tokens for item in items if item.id in kept)
    dropped = [id_ for id_ in every if id_ not in kept]
    offered = {item.id for item in items}
    reason = None if not dropped else "budget" if any(id_ in offered for id_ in dropped) else "cap"
    return LayerTrace(name, tokens, room, tuple(i for i in every if i in kept), tuple(dropped), reason)


def _tools(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    names = [tool.name for tool in layers.tools]
    tokens = sum(demand.tools[: plan.tools])
    return _layer("tools", tokens, TOOL_TOKENS, names[: plan.tools], names[plan.tools :])


def _summaries(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    kinds = [section.kind for section in layers.sections]
    kept = [kind for kind, tokens in zip(kinds, plan.summaries, strict=True) if tokens]
    dropped = [kind for kind in kinds if kind not in kept]
    cut = any(0 < given < wanted for given, wanted in zip(plan.summaries, demand.summaries, strict=True))
    reason = "budget" if dropped else "shortened" if cut else None
    return LayerTrace(
        "summaries", sum(plan.summaries), plan.summaries_room, tuple(kept), tuple(dropped), reason
    )


def _history(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    kept = [item.id for item in layers.lines[len(layers.lines) - plan.history :]]
    standing = set(kept)
    dropped = [message.id for message in layers.view.history if message.id not in standing]
    considered = {item.id for item in layers.lines}
    reason = None
    if dropped:
        reason = "budget" if any(id_ in considered for id_ in dropped) else "strategy"
        if demand.in_steps and reason == "budget" and _had_room(demand, plan):
            reason = "window"
    tokens = sum(demand.history[len(demand.history) - plan.history :])
    return LayerTrace("history", tokens, plan.history_room, tuple(kept), tuple(dropped), reason)


def _had_room(demand: Demand, plan: Plan) -> bool:
    """Whether one more message would have fitted, so that only the steady edge kept it out."""
    taken = sum(demand.history[len(demand.history) - plan.history :])
    left_out = len(demand.history) - plan.history
    return bool(left_out) and taken + demand.history[left_out - 1] <= plan.history_room


def _must(name: str, wanted: int, given: int, cap: int, kept: Ids) -> LayerTrace:
    return LayerTrace(name, given, cap, tuple(kept), (), "shortened" if given < wanted else None)


def _images(layers: Layers) -> tuple[Ids, Ids]:
    shown = [f"{message}:{place}" for message, place in layers.shown]
    return shown, [
        f"{message}:{place}" for message, place in layers.marks if (message, place) not in layers.shown
    ]


def _ids(*messages: object) -> list[int | str]:
    return [message.id for message in messages if message is not None and hasattr(message, "id")]


def _notes(layers: Layers, demand: Demand, plan: Plan) -> tuple[str, ...]:
    notes = []
    if demand.room:
        notes.append(f"{demand.room} tokens were left to tool results and corrections")
    if plan.tools < len(layers.tools):
        notes.append(f"{len(layers.tools) - plan.tools} tools were left out")
    if demand.squeeze:
        notes.append("only what must be kept had room")
    return tuple(notes)
