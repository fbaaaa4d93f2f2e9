"""Divides the ceiling of tokens between the layers. Pure: numbers in, a plan out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.context.window import MIN_HISTORY, newest_within, steady_count

FACTS, SUMMARIES, RECALL = 0.15, 0.30, 0.20
IMPORTANT = 0.20
"""Of history's share: what older messages that matter may take before the window."""

MAX_TOOLS, TOOL_TOKENS = 8, 1200
SMALL_CONTEXT = 4000
"""Below this ceiling tools go first when the rest is short of room."""

_CURRENT, _REPLIED = 4, 8
_LEAST_SUMMARY = 48
"""Tokens under which a shortened summary says nothing."""

_STEPS = (16, 32)
_USUAL_STEP = 250
"""Must-keeps are charged to the steady shares in steps: so many tokens, but of a small ceiling not more than
the first part, and of a large one not less than the second."""


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
    order in which they are kept, `summaries` too; `history` is oldest first. `recalls` tells that something
    may be recalled each turn, whether it was in this one or not. `important` are messages by
    their seqs, in the order in which they are kept: those before the window's edge enter, at most
    `important_limit`. `squeeze` halves the caps of the must-keeps as often as it says, for when nothing else
    is left to take.
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
    recalls: bool = False
    history: Sequence[int] = ()
    history_seqs: Sequence[int] = ()
    history_limit: int = 500
    important: Sequence[Item] = ()
    important_limit: int = 0
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
    must-keeps left; `history_room` what history may take of it, `important_room` older messages of that.
    """

    current: int
    replied: int
    tools: int
    facts: frozenset[int | str]
    summaries: tuple[int, ...]
    recall: frozenset[int | str]
    history: int
    important: frozenset[int | str]
    rest: int
    facts_room: int
    summaries_room: int
    recall_room: int
    history_room: int
    important_room: int


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
    # What is recalled differs from turn to turn: the window's edge must not move with it.
    reserved = max(recall_used, int(steady * RECALL)) if demand.recalls else 0
    steady_history = steady - facts_used - sum(summaries) - reserved
    history, important, important_room = _history(demand, rest - taken, min(steady_history, rest - taken))
    return Plan(
        current=min(demand.current, demand.current_cap),
        replied=min(demand.replied, demand.replied_cap),
        tools=tools,
        facts=facts,
        summaries=summaries,
        recall=recall,
        history=history,
        important=important,
        rest=rest,
        facts_room=facts_room,
        summaries_room=summaries_room,
        recall_room=recall_room,
        history_room=rest - taken,
        important_room=important_room,
    )


def _must(demand: Demand) -> int:
    return demand.system + _varying(demand)


def _varying(demand: Demand) -> int:
    spoken = min(demand.current, demand.current_cap) + min(demand.replied, demand.replied_cap)
    return demand.data + demand.images + spoken


def _must_in_steps(demand: Demand) -> int:
    """The must-keeps rounded up, so that shares stay the same while messages differ a little in length."""
    small, large = (demand.ceiling // parts for parts in _STEPS)
    step = max(1, min(small, _USUAL_STEP), large)
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


def _history(demand: Demand, room: int, steady_room: int) -> tuple[int, frozenset[int | str], int]:
    """How many of the newest stay, which older ones that matter, and the room of the latter.

    As soon as one that matters lies before the window, the window leaves room for all of them that may enter:
    then its edge does not depend on which of them stand before it.
    """
    count = _window(demand, room, steady_room)
    share = int(max(0, min(room, steady_room)) * IMPORTANT)
    share = min(share, max(0, room - sum(demand.history[-MIN_HISTORY:])))
    if not _older(demand, count, share)[0]:
        return count, frozenset(), share
    reserved = _whole(demand.important[: demand.important_limit], share)[1]
    count = _window(demand, room - reserved, steady_room - reserved)
    left = room - sum(demand.history[len(demand.history) - count :])
    return count, _older(demand, count, min(share, left))[0], share


def _older(demand: Demand, count: int, room: int) -> tuple[frozenset[int | str], int]:
    """The messages that matter before a window of so many, as far as they fit, and what they take."""
    edge = demand.history_seqs[len(demand.history_seqs) - count] if count else math.inf
    before = [item for item in demand.important if int(item.id) < edge]
    return _whole(before[: demand.important_limit], max(0, room))


def _window(demand: Demand, room: int, steady_room: int) -> int:
    fits = min(newest_within(demand.history, room), demand.history_limit)
    if not demand.in_steps:
        return fits
    steady = min(newest_within(demand.history, steady_room), fits)
    return steady_count(demand.history_seqs, fits, steady, demand.history_limit)


def squeezed(demand: Demand, times: int) -> Demand:
    """The demand with all optional layers gone and the must-keeps' caps halved so many times."""
    nothing = (0,) * len(demand.summaries)
    return replace(
        demand, tools=(), facts=(), summaries=nothing, recall=(), history=(), history_seqs=(), important=(),
        squeeze=times,
    )  # fmt: skip
