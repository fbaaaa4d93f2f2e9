"""Puts a turn's layers together and shrinks them until the ceiling holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.context import data, history, summaries, window
from bot.context.budget import Demand, Item, Plan, fit, squeezed
from bot.context.facts import by_need
from bot.context.permanent import PROMPT_SHARE, admin_words, variables
from bot.context.prompt import Layers, Prompt, text_content
from bot.context.services import ContextServices
from bot.context.system import SystemPrompt, listed, tool_lines
from bot.context.trace import explain
from bot.context.visual import NO_ROOM, Pictures, numbered
from bot.core.errors import LLMError
from bot.core.ids import seq_of
from bot.core.llm import Message, ToolSpec
from bot.core.ports import TokenCounter
from bot.core.trace import ContextTrace
from bot.core.views import ProfileView, TurnView

_LONGEST_LINE = 8
"""A message of the history takes at most one part in this many of the ceiling."""

_LONGEST_IMPORTANT = 32
"""An older message that matters takes at most one part in this many."""

_STATES = 10
"""All dialogue states together take at most one part in this many."""

_LAID_DOWN = 16
"""The owner's rules, and what is kept about a conversation, take at most one part in this many each."""

_TRIES = 6
_HALVINGS = 5
"""After so many, a quarter of the smallest context is down to some thirty tokens: less asks nothing."""

_MARGIN = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What one context is composed of."""

    services: ContextServices
    view: TurnView
    tools: Sequence[ToolSpec] = ()
    room: int = 0
    pictures: Pictures = field(default_factory=Pictures)
    states: Sequence[str] = ()
    recalled: Sequence[data.Recalled] | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """The messages, the tools that stay beside them, and what became of every layer."""

    messages: list[Message]
    tools: tuple[ToolSpec, ...]
    trace: ContextTrace


def compose(request: Request) -> Composed:
    """The context of one turn. Raises LLMError("too_large") when not even the must-keeps have room."""
    counter = request.services.tokens
    layers = _layers(request)
    demand = _demand(request, layers)
    if request.pictures.shown:
        layers = _with_pictures(request, layers, demand)
        demand = _demand(request, layers)
    ceiling = demand.ceiling - request.room
    for attempt in range(_TRIES):
        plan = fit(demand)
        prompt = layers.assemble(plan)
        total = counter.count_messages(prompt.messages, prompt.tools)
        if total <= ceiling:
            return _composed(layers, demand, plan, prompt, total)
        if attempt == 0:
            layers = _recounted(layers)
            demand = replace(demand, **_history_demand(layers))
        else:
            demand = replace(demand, room=demand.room + total - ceiling + _MARGIN)
    return _smallest(request, layers, demand)


def _recounted(layers: Layers) -> Layers:
    recounted = history.recounted
    lines, important = recounted(layers.lines, layers.counter), recounted(layers.important, layers.counter)
    return replace(layers, lines=lines, important=important)


def _smallest(request: Request, layers: Layers, demand: Demand) -> Composed:
    """Must-keeps alone, ever shorter: first without pictures, then with half the words, a quarter …"""
    ceiling = demand.ceiling - request.room
    layers = layers.without_pictures(NO_ROOM)
    demand = _demand(request, layers)
    for times in range(_HALVINGS):
        demand = squeezed(demand, times)
        plan = fit(demand)
        prompt = layers.assemble(plan)
        total = request.services.tokens.count_messages(prompt.messages)
        if total <= ceiling:
            return _composed(layers, demand, plan, prompt, total)
    raise LLMError("too_large", f"the prompt's fixed parts do not fit into {ceiling} tokens")


def _composed(layers: Layers, demand: Demand, plan: Plan, prompt: Prompt, total: int) -> Composed:
    trace = explain(layers, demand, plan, prompt, total)
    return Composed(prompt.messages, prompt.tools, trace)


def _layers(request: Request) -> Layers:
    services, view = request.services, request.view
    settings, counter = services.settings, services.tokens
    identity, now = services.identity(), services.clock.now()
    zone = data.zone_of(view.profile, settings.default_timezone)
    values = variables(view, identity, services.model(), now.astimezone(zone))
    prompt, share = services.prompts.of(view.persona), settings.context_max_tokens // PROMPT_SHARE
    wishes = admin_words(view.persona, prompt, share, counter)
    most = settings.context_max_tokens // _LAID_DOWN
    rules, notes = listed(view.rules, most, counter), listed(view.notes, most, counter)
    system = SystemPrompt(prompt, values, view, wishes, rules, notes)
    # A group's summaries must not change their dates with who asks.
    period_zone = zone if view.chat.private else data.zone_of(ProfileView(), settings.default_timezone)
    ceiling = settings.context_max_tokens
    chosen = window.candidates(view, settings)
    matter = window.by_importance(view, settings) if settings.context_strategy == "layered" else []
    return Layers(
        view=view,
        counter=counter,
        system=system,
        zone=zone,
        now=now,
        bot_name=identity.name,
        tools=tuple(request.tools),
        base=tuple(data.base_lines(view, now, zone, pronouns=not system.holds_pronouns)),
        states=tuple(_states(request)),
        recalled=tuple(request.recalled or ()),
        sections=tuple(summaries.sections(view, settings.context_strategy, period_zone, counter)),
        lines=history.lines(chosen, ceiling // _LONGEST_LINE, counter, period_zone),
        important=history.lines(matter, ceiling // _LONGEST_IMPORTANT, counter, period_zone),
        facts=tuple(view.facts),
        marks=dict(request.pictures.marks),
    )


def _states(request: Request) -> list[str]:
    """As many states as a small share holds: they are short, but nobody promised how many there are."""
    counter, room = request.services.tokens, request.services.settings.context_max_tokens // _STATES
    lines = data.state_lines(request.states)
    while lines and counter.count("\n".join(lines)) > room:
        lines.pop()
    return lines if len(lines) > 1 else []


def _demand(request: Request, layers: Layers) -> Demand:
    counter, settings = layers.counter, request.services.settings
    facts = by_need(layers.facts)[: settings.user_memory_max_facts]
    heading = "## What you know about\n" + "\n".join(data.fact_block(layers.view, "-"))
    fixed = counter.count(layers.system.render((), (), "")) + (counter.count(heading) if facts else 0)
    replied = data.replied_text(layers.view.replied, layers.marks) if layers.view.replied else ""
    return Demand(
        ceiling=settings.context_max_tokens,
        room=request.room,
        system=fixed + history.MARK_TOKENS + _MARGIN * 4,
        data=counter.count(layers.block("", "", ())) + _MARGIN,
        current=counter.count(data.current_text(layers.view, layers.marks)) + 1 if layers.view.current else 0,
        replied=counter.count(replied) + 1 if replied else 0,
        images=_image_tokens(counter, layers),
        tools=_tool_costs(counter, layers.tools),
        facts=[Item(fact.id, counter.count(layers.fact_line(fact)) + 1) for fact in facts],
        summaries=[section.tokens for section in layers.sections],
        recalls=request.recalled is not None,
        recall=[Item(r.id, cost) for r, cost in zip(layers.recalled, layers.recall_costs(), strict=True)],
        history_limit=window.most(settings),
        important_limit=settings.important_messages_limit,
        in_steps=window.moves_in_steps(settings),
        **_history_demand(layers),
    )


def _history_demand(layers: Layers) -> dict[str, Any]:
    """Each line's tokens; an older message that matters brings the mark of its day along."""
    return {
        "history": [item.tokens for item in layers.lines],
        "history_seqs": [seq_of(item.id) for item in layers.lines],
        "important": [Item(seq_of(m.id), m.tokens + history.MARK_TOKENS) for m in layers.important],
    }


def _tool_costs(counter: TokenCounter, tools: Sequence[ToolSpec]) -> list[int]:
    """Each tool's schema and its line in the list."""
    empty = counter.count_messages([])
    schemas = [counter.count_messages([], [tool]) - empty for tool in tools]
    listed = [counter.count(tool_lines([tool])) + _MARGIN for tool in tools]
    return [schema + line for schema, line in zip(schemas, listed, strict=True)]


def _image_tokens(counter: TokenCounter, layers: Layers) -> int:
    if not layers.parts:
        return 0
    bare = counter.count_messages([text_content("user", "", ())])
    return counter.count_messages([text_content("user", "", layers.parts)]) - bare


def _with_pictures(request: Request, layers: Layers, demand: Demand) -> Layers:
    """As many pictures as half of the free room holds, smaller ones where the large do not fit."""
    shown = request.pictures.shown
    must = demand.system + demand.data + min(demand.current, demand.current_cap)
    room = (demand.ceiling - demand.room - must - min(demand.replied, demand.replied_cap)) // 2
    for small, count in [(False, len(shown)), *((True, n) for n in range(len(shown), 0, -1))]:
        marks = dict.fromkeys((picture.key for picture in shown[count:]), NO_ROOM)
        tried = replace(
            layers,
            parts=tuple(picture.part(small=small) for picture in shown[:count]),
            marks={**layers.marks, **numbered(shown[:count]), **marks},
            shown=tuple(picture.key for picture in shown[:count]),
        )
        if count and _image_tokens(layers.counter, tried) <= room:
            return tried
    return replace(layers, marks={**layers.marks, **dict.fromkeys((p.key for p in shown), NO_ROOM)})
