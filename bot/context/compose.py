"""Puts a turn's layers together and shrinks them until the ceiling holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.context import data, history, summaries, window
from bot.context.budget import Demand, Item, Plan, fit, squeezed
from bot.context.facts import by_need, fact_line
from bot.context.permanent import variables
from bot.context.prompt import Layers, Prompt, text_content
from bot.context.services import ContextServices
from bot.context.system import SystemPrompt, tool_lines
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

_STATES = 10
"""All dialogue states together take at most one part in this many."""

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
    recalled: Sequence[data.Recalled] = ()


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
            layers = replace(layers, lines=history.recounted(layers.lines, counter))
            demand = replace(demand, history=[item.tokens for item in layers.lines])
        else:
            demand = replace(demand, room=demand.room + total - ceiling + _MARGIN)
    return _smallest(request, layers, demand)


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
    system = SystemPrompt(services.prompts.text, values, view)
    # A group's summaries must not change their dates with who asks.
    period_zone = zone if view.chat.private else data.zone_of(ProfileView(), settings.default_timezone)
    longest = settings.context_max_tokens // _LONGEST_LINE
    return Layers(
        view=view,
        counter=counter,
        system=system,
        zone=zone,
        bot_name=identity.name,
        tools=tuple(request.tools),
        base=tuple(data.base_lines(view, now, zone, pronouns=not system.holds_pronouns)),
        states=tuple(_states(request)),
        recalled=tuple(request.recalled),
        sections=tuple(summaries.sections(view, settings.context_strategy, period_zone, counter)),
        lines=history.lines(window.candidates(view, settings), longest, counter),
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
        system=fixed + _MARGIN * 4,
        data=counter.count(layers.block("", "", ())) + _MARGIN,
        current=counter.count(data.current_text(layers.view, layers.marks)) + 1 if layers.view.current else 0,
        replied=counter.count(replied) + 1 if replied else 0,
        images=_image_tokens(counter, layers),
        tools=_tool_costs(counter, layers.tools),
        facts=[Item(fact.id, counter.count(fact_line(fact)) + 1) for fact in facts],
        summaries=[section.tokens for section in layers.sections],
        recall=[Item(r.id, counter.count(data.recalled_line(r, layers.zone)) + 1) for r in layers.recalled],
        history=[item.tokens for item in layers.lines],
        history_seqs=[seq_of(item.id) for item in layers.lines],
        history_limit=settings.immediate_context_messages,
        in_steps=window.moves_in_steps(settings),
    )


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
