"""The division of the ceiling, as numbers."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.context.budget import FACTS, MAX_TOOLS, RECALL, SUMMARIES, TOOL_TOKENS, Demand, Item, Plan, fit
from bot.context.window import MIN_HISTORY, steady_count

small = st.integers(1, 400)
sizes = st.lists(st.integers(1, 1500), max_size=60)


def items(costs: list[int]) -> list[Item]:
    return [Item(number, cost) for number, cost in enumerate(costs)]


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    ceiling = draw(st.integers(2000, 128_000))
    history = draw(st.lists(st.integers(1, draw(st.sampled_from([30, 300, 3000]))), max_size=120))
    first = draw(st.integers(1, 100_000))
    return Demand(
        ceiling=ceiling,
        system=draw(st.integers(20, ceiling // 4)),
        data=draw(st.integers(10, 100)),
        current=draw(st.integers(0, 20_000)),
        replied=draw(st.integers(0, 20_000)),
        images=draw(st.integers(0, ceiling // 8)),
        tools=draw(st.lists(small, max_size=12)),
        facts=items(draw(st.lists(small, max_size=50))),
        summaries=draw(st.lists(st.integers(1, 5000), max_size=3)),
        recall=items(draw(st.lists(small, max_size=20))),
        history=history,
        history_seqs=list(range(first, first + len(history))),
        history_limit=draw(st.integers(10, 500)),
        in_steps=draw(st.booleans()),
    )


def layers(demand: Demand, plan: Plan) -> dict[str, int]:
    return {
        "facts": sum(i.tokens for i in demand.facts if i.id in plan.facts),
        "summaries": sum(plan.summaries),
        "recall": sum(i.tokens for i in demand.recall if i.id in plan.recall),
        "history": sum(demand.history[len(demand.history) - plan.history :]),
    }


@settings(max_examples=200)
@given(demands())
def test_the_plan_holds_the_ceiling_the_caps_and_the_shares(demand: Demand) -> None:
    plan = fit(demand)
    used = layers(demand, plan)
    tools = sum(demand.tools[: plan.tools])
    must = demand.system + demand.data + demand.images + plan.current + plan.replied
    assert must + tools + sum(used.values()) <= demand.ceiling
    assert plan.current == min(demand.current, demand.ceiling // 4)
    assert plan.replied == min(demand.replied, demand.ceiling // 8)
    assert plan.tools <= MAX_TOOLS
    assert tools <= TOOL_TOKENS
    assert used["facts"] <= plan.rest * FACTS
    assert used["summaries"] <= plan.rest * SUMMARIES
    assert used["recall"] <= plan.rest * RECALL
    assert used["history"] <= plan.history_room
    assert plan.history_room >= int(plan.rest * 0.35)
    assert plan.history <= demand.history_limit


@settings(max_examples=150)
@given(demands())
def test_ten_messages_stay_while_they_fit_beside_the_facts(demand: Demand) -> None:
    plan = fit(demand)
    used = layers(demand, plan)
    last = demand.history[-MIN_HISTORY:]
    if sum(last) <= plan.rest - used["facts"]:
        assert plan.history >= len(last)


@settings(max_examples=150)
@given(demands())
def test_unused_shares_go_to_history(demand: Demand) -> None:
    alone = replace(demand, facts=(), summaries=(), recall=(), in_steps=False)
    plan = fit(alone)
    assert plan.history_room == plan.rest
    left_out = len(alone.history) - plan.history
    if left_out and plan.history < alone.history_limit:
        assert sum(alone.history[left_out - 1 :]) > plan.rest


def test_tools_go_first_below_4000() -> None:
    tight = Demand(
        ceiling=2000, system=450, current=50, tools=[200, 200, 200], facts=items([15] * 12), summaries=[400],
        history=[60] * 40, history_seqs=range(1, 41),
    )  # fmt: skip
    plan = fit(tight)
    assert plan.tools < 3
    assert len(plan.facts) == 12
    assert plan.history >= 10
    roomy = replace(tight, facts=(), summaries=(), history=[60] * 3, history_seqs=[1, 2, 3])
    assert fit(roomy).tools == 3
    assert fit(replace(tight, ceiling=4000)).tools == 3


def test_the_first_facts_are_the_last_to_go() -> None:
    plan = fit(Demand(ceiling=2000, system=400, facts=items([100] * 10)))
    assert plan.facts == {0, 1}


def test_a_summary_is_shortened_before_it_is_dropped() -> None:
    plan = fit(Demand(ceiling=8000, system=400, summaries=[300, 1000, 4000]))
    assert plan.summaries[:2] == (300, 1000)
    assert 48 <= plan.summaries[2] < 4000
    assert fit(Demand(ceiling=2000, system=400, summaries=[450, 1000])).summaries[1] == 0


@given(
    st.integers(1, 10_000),
    st.integers(10, 200),
    st.integers(1, 200),
    st.integers(0, 200),
    st.integers(10, 200),
)
def test_the_window_never_takes_more_than_fits(
    first: int, count: int, fits: int, steady: int, limit: int
) -> None:
    seqs = range(first, first + count)
    fits = min(fits, count, limit)
    kept = steady_count(seqs, fits, min(steady, fits), limit)
    assert min(MIN_HISTORY, fits) <= kept <= fits


def test_the_edge_moves_a_quarter_at_a_time() -> None:
    edges = []
    for last in range(1, 401):
        seqs = range(max(1, last - 99), last + 1)
        kept = steady_count(seqs, len(seqs), len(seqs), 100)
        edges.append(last - kept + 1)
        assert kept >= min(last, 75)
    assert sorted(set(edges)) == [1, *range(26, 302, 25)]


def test_a_window_bound_by_tokens_moves_in_steps_too() -> None:
    edges = {
        last - steady_count(range(max(1, last - 99), last + 1), min(last, 34), min(last, 34), 100)
        for last in range(1, 400)
    }
    assert len(edges) < 400 / 6
