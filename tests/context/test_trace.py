"""The table of layers: every dropped item with its reason, all ids that the prompt holds, and back again."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.context.data import Recalled
from bot.core.trace import TOTAL, ContextTrace
from tests.context.making import (
    BOB_LABEL,
    NOW,
    Shelf,
    built,
    fact,
    layer,
    message,
    photo,
    png,
    services,
    summary,
    talk,
    tool,
    view,
)


async def test_stored_rows_give_the_same_trace() -> None:
    turn = view(
        history=talk(120), facts=tuple(fact(n) for n in range(60)), summaries=(summary("long", "old", 30),)
    )
    recalled = [Recalled(f"m:{n}", "words " * 90, NOW, BOB_LABEL) for n in range(30)]
    _, manager = await built(services(), turn, [tool(n) for n in range(12)], 100, recalled=recalled)
    rows = json.loads(json.dumps(manager.trace.as_rows()))
    assert ContextTrace.from_rows(rows) == manager.trace
    assert (manager.trace.model, manager.trace.ceiling) == ("gpt-4o-mini", 8000)
    assert rows[-1]["name"] == TOTAL
    assert rows[-1]["tokens"] == manager.trace.total


def test_rows_of_an_older_release_are_read_too() -> None:
    row = {"name": "facts", "tokens": 3, "allowed": 9, "kept": [1], "dropped": [2], "reason": "cap"}
    trace = ContextTrace.from_rows([row])
    assert (trace.layers[0].dropped, trace.layers[0].reasons, trace.total) == ((2,), (), 0)


async def test_each_dropped_item_has_its_own_reason() -> None:
    facts = tuple(fact(n, "word " * 60) for n in range(20))
    history = (*talk(90, "word " * 90), message(91, "", "Mnema"))
    _, manager = await built(services(user_memory_max_facts=15), view(facts=facts, history=history))
    row = layer(manager, "facts")
    reasons = dict(zip(row.dropped, row.reasons, strict=True))
    assert {reasons[n] for n in range(5)} == {"cap"}
    assert "budget" in {reason for n, reason in reasons.items() if n >= 5}
    row = layer(manager, "history")
    reasons = dict(zip(row.dropped, row.reasons, strict=True))
    assert reasons[history[-1].id] == "empty"
    assert list(dict.fromkeys(row.reasons)) == ["budget", "window", "empty"]
    _, manager = await built(
        services(context_strategy="summary"), view(history=talk(40), context_summary="x")
    )
    assert set(layer(manager, "history").reasons) == {"strategy"}


async def test_tools_and_pictures_say_why_too() -> None:
    _, manager = await built(services(), view(), [tool(n, 190) for n in range(10)])
    reasons = layer(manager, "tools").reasons
    assert reasons == ("budget",) * (len(reasons) - 2) + ("cap",) * 2
    files = tuple(photo(name) for name in ("p1", "gone", "p1", "p1", "p1", "p1"))
    shelf = Shelf({"p1": png(40, 30)})
    _, manager = await built(services(files=shelf), view(current=(message(9, "look", attachments=files),)))
    assert sorted(layer(manager, "images").reasons) == ["cap", "cap", "unavailable"]
    _, manager = await built(
        services(llm_vision_enabled=False), view(current=(message(9, "look", attachments=files[:1]),))
    )
    assert layer(manager, "images").reasons == ("unseen",)


async def test_messages_of_which_only_a_quote_is_shown_are_named() -> None:
    far = message(3, "Who brings the tent?").id
    near = talk(6, start=100)
    answering = replace(near[1], reply_to=far, reply_quote="Who brings the tent?")
    inside = replace(near[3], reply_to=near[0].id, reply_quote="word")
    history = (near[0], answering, near[2], inside, *near[4:])
    current = (message(110, "And?", reply_to=near[1].id + 900, reply_quote="what"),)
    _, manager = await built(services(), view(history=history, current=current))
    assert layer(manager, "quoted").kept == (far, near[1].id + 900)
