"""Divides the ceiling of tokens between the layers. Pure: numbers in, a plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.context.window import MIN_HISTORY, newest_within, steady_count

FACTS, SUMMARIES, RECALL = 0.15, 0.30, 0.20
MAX_TOOLS, TOOL_TOKENS = 8, 1200
SMALL_CONTEXT = 4000
"""Below this ceiling tools go first when the rest is short of room."""

_CURRENT, _REPLIED = 4, 8
_LEAST_SUMMARY = 48
"""Tokens under which a shortened summary says nothing."""

_STEP = 16
"""Must-keeps are charged to the steady shares in steps of one part in this many of the ceiling."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is kept or dropped as a whole."""

    id: int | str
    tokens: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What the layers would take. All numbers are tokens.

    `ceiling` is CONTEXT_MAX_TOKENS, `room` of it is wanted by others (tool results). `system` is the prompt
    without its layers, `data` the data block without its layers. `facts`, `tools` and `recall` stand in the
    order in which they are kept, `summaries` too; `history` is oldest first. `squeeze` halves the caps of
    the must-keeps as often as it says, for when nothing else is left to take.
    """

    ceiling: int
    system: int
    room: int = 0
    data: int = 0
    current: int = 0
    replied: int = 0
    images: int = 0
    tools: Sequence[int] = ()
    facts: Sequence[Item] = ()
    summaries: Sequence[int] = ()
    recall: Sequence[Item] = ()
    history: Sequence[int] = ()
    history_seqs: Sequence[int] = ()
    history_limit: int = 500
    in_steps: bool = False
    squeeze: int = 0

    @property
    def current_cap(self) -> int:
        """The most that the current message may take."""
        return self.ceiling // _CURRENT >> self.squeeze

    @property
    def replied_cap(self) -> int:
        """The most that the replied-to message may take."""
        return self.ceiling // _REPLIED >> self.squeeze


@dataclass(frozen=True, slots=True)
class Plan:
    """What every layer gets: caps in tokens, items by id, `summaries` as allowed tokens (0: dropped).

    `tools` and `history` are how many of the first tools and of the newest messages stay. `rest` is what the
    must-keeps left; `history_room` what history may take of it.
    """

    current: int
    replied: int
    tools: int
    facts: frozenset[int | str]
    summaries: tuple[int, ...]
    recall: frozenset[int | str]
    history: int
    rest: int
    facts_room: int
    summaries_room: int
    recall_room: int
    history_room: int


def fit(demand: Demand) -> Plan:
    """The plan that holds the ceiling as far as the given numbers are right."""
    must = _must(demand)
    tools = _tools(demand, demand.ceiling - demand.room - must)
    rest = max(0, demand.ceiling - demand.room - must - sum(demand.tools[:tools]))
    steady = max(0, min(rest, rest + must - _must_in_steps(demand)))
    facts_room = int(steady * FACTS)
    facts, facts_used = _whole(demand.facts, facts_room)
    # The last messages come before what only retells older ones.
    last = sum(demand.history[-MIN_HISTORY:])
    spare = rest - facts_used - last if last <= rest - facts_used else rest
    summaries_room = _lowered(int(steady * SUMMARIES), spare)
    summaries = _parts(demand.summaries, summaries_room)
    recall_room = max(0, min(int(steady * RECALL), spare - sum(summaries)))
    recall, recall_used = _whole(demand.recall, recall_room)
    taken = facts_used + sum(summaries) + recall_used
    return Plan(
        current=min(demand.current, demand.current_cap),
        replied=min(demand.replied, demand.replied_cap),
        tools=tools,
        facts=facts,
        summaries=summaries,
        recall=recall,
        history=_history(demand, rest - taken, steady - taken),
        rest=rest,
        facts_room=facts_room,
        summaries_room=summaries_room,
        recall_room=recall_room,
        history_room=rest - taken,
    )


def _must(demand: Demand) -> int:
    return demand.system + _varying(demand)


def _varying(demand: Demand) -> int:
    spoken = min(demand.current, demand.current_cap) + min(demand.replied, demand.replied_cap)
    return demand.data + demand.images + spoken


def _must_in_steps(demand: Demand) -> int:
    """The must-keeps rounded up, so that shares stay the same while messages differ a little in length."""
    step = max(1, demand.ceiling // _STEP)
    return demand.system + -(-_varying(demand) // step) * step


def _tools(demand: Demand, room: int) -> int:
    """How many of the first tools stay."""
    count = _first_within(demand.tools[:MAX_TOOLS], min(TOOL_TOKENS, max(0, room)))
    if demand.ceiling >= SMALL_CONTEXT:
        return count
    while count and room - sum(demand.tools[:count]) < _wanted(demand, room):
        count -= 1
    return count


def _wanted(demand: Demand, room: int) -> int:
    """What the memory layers would take, with the least of history, if there were no tools."""
    facts = min(sum(item.tokens for item in demand.facts), int(room * FACTS))
    summaries = min(sum(demand.summaries), int(room * SUMMARIES))
    return facts + summaries + sum(demand.history[-MIN_HISTORY:])


def _first_within(costs: Sequence[int], room: int) -> int:
    kept = 0
    for cost in costs:
        room -= cost
        if room < 0:
            break
        kept += 1
    return kept


def _whole(items: Sequence[Item], room: int) -> tuple[frozenset[int | str], int]:
    """The items that fit, first come first served, and what they take; a long one may give way to shorter."""
    kept: set[int | str] = set()
    used = 0
    for item in items:
        if used + item.tokens <= room:
            kept.add(item.id)
            used += item.tokens
    return frozenset(kept), used


def _parts(wanted: Sequence[int], room: int) -> tuple[int, ...]:
    """Tokens for each in turn; one that gets too few to say anything gets none."""
    given: list[int] = []
    for tokens in wanted:
        part = min(tokens, room)
        given.append(part if part == tokens or part >= _LEAST_SUMMARY else 0)
        room -= given[-1]
    return tuple(given)


def _lowered(share: int, spare: int) -> int:
    """The share if there is so much to spare, else as many quarters of it as there are."""
    if spare >= share:
        return share
    quarter = max(1, share // 4)
    return max(0, spare) // quarter * quarter


def _history(demand: Demand, room: int, steady_room: int) -> int:
    fits = min(newest_within(demand.history, room), demand.history_limit)
    if not demand.in_steps:
        return fits
    steady = min(newest_within(demand.history, steady_room), fits)
    return steady_count(demand.history_seqs, fits, steady, demand.history_limit)


def squeezed(demand: Demand, times: int) -> Demand:
    """The demand with all optional layers gone and the must-keeps' caps halved so many times."""
    nothing = (0,) * len(demand.summaries)
    return replace(
        demand, tools=(), facts=(), summaries=nothing, recall=(), history=(), history_seqs=(), squeeze=times
    )
