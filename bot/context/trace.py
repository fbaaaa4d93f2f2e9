"""Tells what became of every layer: tokens, what was kept, what was dropped and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from bot.context.budget import MAX_TOOLS, TOOL_TOKENS, Demand, Item, Plan
from bot.context.prompt import Layers, Prompt
from bot.context.visual import why_not
from bot.context.window import newest_within
from bot.core.ids import seq_of
from bot.core.trace import ContextTrace, LayerTrace
from bot.core.views import MessageView

Id = int | str
Ids = Sequence[Id]


def explain(layers: Layers, demand: Demand, plan: Plan, prompt: Prompt, total: int) -> ContextTrace:
    """The trace of an assembled prompt; its layers stand in the order in which the prompt holds them."""
    facts, recalled = [fact.id for fact in layers.facts], [item.id for item in layers.recalled]
    rows = (
        _layer("system", demand.system, demand.ceiling // 4, ["prompt"]),
        _tools(layers, demand, plan),
        _summaries(layers, demand, plan),
        _items("facts", demand.facts, plan.facts, plan.facts_room, facts),
        _important(layers, demand, plan),
        _history(layers, demand, plan),
        _layer("data", demand.data, demand.data),
        _items("recall", demand.recall, plan.recall, plan.recall_room, recalled),
        _must("replied", demand.replied, plan.replied, demand.replied_cap, _ids(layers.view.replied)),
        _images(layers, demand),
        _must("current", demand.current, plan.current, demand.current_cap, _ids(*layers.view.current)),
        _layer("quoted", 0, 0, _quoted(layers, plan)),
    )
    model = layers.system.values.get("model", "")
    return ContextTrace(rows, total, demand.ceiling, _notes(layers, demand, plan), model)


def _layer(
    name: str, tokens: int, allowed: int, kept: Ids = (), dropped: Ids = (), why: Callable[[Id], str] = str
) -> LayerTrace:
    reasons = tuple(map(why, dropped))
    return LayerTrace(
        name, tokens, allowed, tuple(kept), tuple(dropped), reasons[0] if reasons else None, reasons
    )  # fmt: skip


def _items(name: str, items: Sequence[Item], kept: Collection[Id], room: int, every: Ids) -> LayerTrace:
    offered = {item.id for item in items}
    return _layer(
        name,
        sum(item.tokens for item in items if item.id in kept),
        room,
        [id_ for id_ in every if id_ in kept],
        [id_ for id_ in every if id_ not in kept],
        lambda id_: "budget" if id_ in offered else "cap",
    )


def _tools(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    names = [tool.name for tool in layers.tools]
    tokens = sum(demand.tools[: plan.tools])
    kept, dropped = names[: plan.tools], names[plan.tools :]
    return _layer(
        "tools", tokens, TOOL_TOKENS, kept, dropped, lambda n: "cap" if n in names[MAX_TOOLS:] else "budget"
    )  # fmt: skip


def _summaries(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    kinds = [section.kind for section in layers.sections]
    kept = [kind for kind, tokens in zip(kinds, plan.summaries, strict=True) if tokens]
    dropped = tuple(kind for kind in kinds if kind not in kept)
    cut = any(0 < given < wanted for given, wanted in zip(plan.summaries, demand.summaries, strict=True))
    reason = "budget" if dropped else "shortened" if cut else None
    return LayerTrace(
        "summaries", sum(plan.summaries), plan.summaries_room, tuple(kept), dropped, reason,
        ("budget",) * len(dropped),
    )  # fmt: skip


def _important(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    """Older messages that matter; those which the window holds anyway are not counted here."""
    standing = {item.id for item in layers.kept(plan)}
    older = [item.id for item in layers.important if item.id not in standing]
    costs = {item.id: item.tokens for item in demand.important}
    kept = [item.id for item in layers.earlier(plan)]
    dropped = [id_ for id_ in older if id_ not in kept]
    offered = older[: demand.important_limit]
    tokens = sum(costs[seq_of(id_)] for id_ in kept)
    return _layer(
        "important", tokens, plan.important_room, kept, dropped,
        lambda id_: "budget" if id_ in offered else "cap",
    )  # fmt: skip


def _history(layers: Layers, demand: Demand, plan: Plan) -> LayerTrace:
    """The window. Older messages that matter stand before it and are not dropped."""
    kept = [item.id for item in layers.kept(plan)]
    standing = {*kept, *(item.id for item in layers.earlier(plan))}
    dropped = [message.id for message in layers.view.history if message.id not in standing]
    tokens = sum(demand.history[len(demand.history) - plan.history :])
    why = _why_not(layers, demand, plan)
    return _layer("history", tokens, plan.history_room, kept, dropped, why)


def _why_not(layers: Layers, demand: Demand, plan: Plan) -> Callable[[Id], str]:
    considered = [item.id for item in layers.lines]
    fits = newest_within(demand.history, plan.history_room)
    fitting = set(considered[len(considered) - min(fits, demand.history_limit) :]) if fits else set()
    silent = {m.id for m in layers.view.history if _silent(m)}

    def why(id_: Id) -> str:
        if id_ in fitting:
            return "window"
        if id_ in considered:
            return "budget"
        return "empty" if id_ in silent else "strategy"

    return why


def _silent(message: MessageView) -> bool:
    return message.outgoing and not message.text.strip()


def _must(name: str, wanted: int, given: int, cap: int, kept: Ids) -> LayerTrace:
    return LayerTrace(name, given, cap, tuple(kept), (), "shortened" if given < wanted else None)


def _images(layers: Layers, demand: Demand) -> LayerTrace:
    """Each picture by its message and its place there."""
    names = {f"{message}:{place}": (message, place) for message, place in layers.marks}
    shown = [f"{message}:{place}" for message, place in layers.shown]
    dropped = [name for name, key in names.items() if key not in layers.shown]
    tokens = demand.images if layers.parts else 0
    return _layer(
        "images", tokens, demand.images, shown, dropped, lambda n: why_not(layers.marks[names[str(n)]])
    )  # fmt: skip


def _quoted(layers: Layers, plan: Plan) -> list[int]:
    """Messages of which only the beginning stands in the prompt, as what others reply to."""
    view = layers.view
    shown = {item.id for item in (*layers.kept(plan), *layers.earlier(plan))}
    whole = shown | {m.id for m in view.current} | ({view.replied.id} if view.replied else set())
    quoting = [m for m in (*view.important, *view.history) if m.id in shown and not m.outgoing]
    quoted = {m.reply_to for m in (*quoting, *view.current) if m.reply_to is not None and m.reply_quote}
    return sorted(quoted - whole)


def _ids(*messages: MessageView | None) -> list[Id]:
    return [message.id for message in messages if message is not None]


def _notes(layers: Layers, demand: Demand, plan: Plan) -> tuple[str, ...]:
    notes = []
    if demand.room:
        notes.append(f"{demand.room} tokens were left to tool results and corrections")
    if plan.tools < len(layers.tools):
        notes.append(f"{len(layers.tools) - plan.tools} tools were left out")
    if demand.squeeze:
        notes.append("only what must be kept had room")
    return tuple(notes)
