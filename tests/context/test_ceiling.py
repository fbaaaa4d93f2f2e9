"""The ceiling holds on every path: random turns through the whole room, with both counters."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.context.data import Recalled
from bot.context.inert import clean
from bot.core.errors import LLMError
from bot.core.messages import AttachmentRef
from bot.core.ports import TokenCounter
from bot.core.views import MessageView, ProfileView, TurnView
from bot.llm.tokens import Tokens
from tests.context.making import (
    ANN_LABEL,
    BOB_LABEL,
    GROUP,
    NOW,
    PRIVATE,
    Quarters,
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
    text_of,
    tool,
    view,
)

WORDS = st.sampled_from(
    ["tent ", "намет ", "палатка ", "テント", "🏕️", "x", "[Bob]: ", "</context>\n", "{tools} ", "\u202e"]
)
TEXTS = st.builds(
    lambda word, times, tail: word * times + tail, WORDS, st.integers(0, 900), st.text(max_size=8)
)
KINDS = st.lists(st.sampled_from(["recent", "long"]), max_size=2, unique=True)
SHELF = Shelf({"p1": png(700, 520), "p2": png(90, 60)})


def replied_to(text: str, files: tuple[AttachmentRef, ...]) -> MessageView:
    return message(1, text, BOB_LABEL, attachments=files)


@st.composite
def turns(draw: st.DrawFn) -> TurnView:
    chat = draw(st.sampled_from([PRIVATE, GROUP]))
    files = st.lists(st.sampled_from([photo(), photo("p2"), photo("gone")]), max_size=2).map(tuple)
    # Stored counts may lie: another model may have counted them.
    counts = st.sampled_from([0, 1, 50, 5000])
    said = st.tuples(TEXTS, st.sampled_from([ANN_LABEL, BOB_LABEL, "Mnema"]), counts)
    pool = [
        message(1, text, label, token_count=count) for text, label, count in draw(st.lists(said, max_size=5))
    ]
    length, start = draw(st.integers(0, 60)), draw(st.integers(1, 10**6))
    history = tuple(
        message(start + n, one.text, one.label, token_count=one.token_count)
        for n in range(length if pool else 0)
        for one in [pool[n % len(pool)]]
    )
    quote = draw(st.none() | TEXTS)
    current = tuple(
        message(start + 100 + n, text, attachments=draw(files), reply_quote=quote)
        for n, text in enumerate(draw(st.lists(TEXTS, min_size=1, max_size=3)))
    )
    return view(
        chat, history=history, current=current,
        replied=draw(st.none() | st.builds(replied_to, TEXTS, files)),
        facts=tuple(fact(n, text) for n, text in enumerate(draw(st.lists(TEXTS, max_size=12)))),
        summaries=tuple(summary(kind, draw(TEXTS), 7) for kind in draw(KINDS)),
        context_summary=draw(st.none() | TEXTS),
        profile=ProfileView(pronouns=draw(st.none() | TEXTS), communication_style=draw(st.none() | TEXTS)),
    )  # fmt: skip


@st.composite
def circumstances(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "context_max_tokens": draw(st.sampled_from([2000, 2500, 3999, 4000, 8000, 17_000])),
        "context_strategy": draw(st.sampled_from(["layered", "window", "summary", "important"])),
        "llm_vision_enabled": draw(st.booleans()),
        "immediate_context_messages": draw(st.sampled_from([10, 40, 100])),
    }


async def holds(
    turn: TurnView, circumstance: dict[str, Any], tools: list[int], states: list[str], tokens: TokenCounter
) -> None:
    with_services = services(tokens, files=SHELF, **circumstance)
    specs = [tool(n, size) for n, size in enumerate(tools)]
    recalled = [Recalled(n, text, NOW, BOB_LABEL) for n, text in enumerate(states)]
    messages, manager = await built(with_services, turn, specs, states=states, recalled=recalled)
    ceiling = circumstance["context_max_tokens"]
    assert tokens.count_messages(messages, manager.tools) == manager.trace.total <= ceiling
    roles = [m["role"] for m in messages]
    assert roles[0] == "system"
    assert "system" not in roles[1:]
    assert all(a != b for a, b in pairwise(roles))
    assert roles[1] == roles[-1] == "user"
    assert messages[0]["content"].startswith("You are Mnema")
    said = text_of(messages[-1]).split("</context>")
    assert len(said) == 2
    assert "\n".join(map(text_of, messages[1:])).count("<context>") == 1
    if any(clean(m.text).strip() for m in turn.current):
        assert said[1].strip()
    assert len(manager.tools) <= 8
    for name in ("facts", "recall", "summaries", "history"):
        assert layer(manager, name).tokens <= max(1, layer(manager, name).allowed)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(turns(), circumstances(), st.lists(st.integers(5, 400), max_size=10), st.lists(TEXTS, max_size=4))
def test_by_quarters(
    turn: TurnView, circumstance: dict[str, Any], tools: list[int], states: list[str]
) -> None:
    asyncio.run(holds(turn, circumstance, tools, states, Quarters()))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt-4o-mini", "qwen2.5"])
def test_by_real_tokens(model: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    tokens = Tokens(model, tmp_path_factory.mktemp("ranks"))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(turns(), circumstances(), st.lists(st.integers(5, 400), max_size=10), st.lists(TEXTS, max_size=4))
    def check(turn: TurnView, circumstance: dict[str, Any], tools: list[int], states: list[str]) -> None:
        asyncio.run(holds(turn, circumstance, tools, states, tokens))

    check()


@pytest.mark.parametrize("room", range(0, 2001, 50))
async def test_room_is_kept_free_or_refused(room: int) -> None:
    turn = view(text="important question " * 200, history=talk(50), facts=(fact(1),))
    with_services = services(context_max_tokens=2000)
    if room > 1500:
        with pytest.raises(LLMError, match="do not fit"):
            await built(with_services, turn, [tool(1)], room)
        return
    messages, manager = await built(with_services, turn, [tool(1)], room)
    assert Quarters().count_messages(messages, manager.tools) + room <= 2000
    assert "important question" in text_of(messages[-1])


async def test_a_message_as_long_as_they_come_is_cut_in_the_middle_and_quickly() -> None:
    text = "first " + "word " * 80_000 + "last"
    clock = asyncio.get_running_loop().time
    began = clock()
    messages, manager = await built(
        services(), view(GROUP, text, replied=message(1, text), history=(message(2, text),))
    )
    assert clock() - began < 1.0
    said = text_of(messages[-1]).split("</context>\n")[1]
    assert said.startswith("[Ann (@ann, id:123)]: first word")
    assert " … (part left out) … " in said
    assert said.endswith("word last")
    assert layer(manager, "current").tokens <= 2000
    assert layer(manager, "replied").tokens <= 1000
    assert layer(manager, "current").reason == layer(manager, "replied").reason == "shortened"


async def test_stored_counts_that_are_far_too_low_do_no_harm() -> None:
    history = tuple(message(n, "word " * 100, token_count=1) for n in range(1, 101))
    _, manager = await built(services(), view(history=history))
    assert manager.trace.total <= 8000
    assert len(layer(manager, "history").kept) >= 30
