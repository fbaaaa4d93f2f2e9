"""Days in the prompt: absolute ones where it should stay the same, how long ago where it is made anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.context.data import Recalled
from bot.context.dates import ago, day, day_and_ago, time_and_ago
from bot.context.history import as_messages, lines
from bot.core.llm import Message
from bot.core.views import MessageView, ProfileView, TurnView
from tests.context.making import (
    BOB_LABEL,
    GROUP,
    NOW,
    PRIVATE,
    Quarters,
    Stopped,
    built,
    fact,
    message,
    services,
    text_of,
    view,
)

KYIV, TOKYO = ZoneInfo("Europe/Kyiv"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "today"), (0, "today"), (1, "yesterday"), (2, "2 days ago"), (13, "13 days ago"),
        (14, "2 weeks ago"), (59, "8 weeks ago"), (60, "2 months ago"), (729, "24 months ago"),
        (730, "2 years ago"),
    ],
)  # fmt: skip
def test_how_long_ago(days: int, words: str) -> None:
    assert ago(NOW - timedelta(days=days), NOW, KYIV) == words


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    assert (day(late, ZoneInfo("UTC")), day(late, KYIV)) == ("2026-11-20 (Fri)", "2026-11-21 (Sat)")
    assert ago(late, NOW, KYIV) == "today"
    assert ago(late, NOW, ZoneInfo("UTC")) == "yesterday"
    assert day_and_ago(late, NOW, TOKYO) == "2026-11-21 (Sat, today)"
    assert time_and_ago(late, NOW, KYIV) == "2026-11-21 00:30 (Sat, today)"


def said(seq: int, days: float, label: str = BOB_LABEL) -> MessageView:
    return message(seq, f"#{seq}", label, sent_at=NOW - timedelta(days=days))


async def prompt(turn: TurnView, **values: object) -> list[Message]:
    return (await built(services(**values), turn))[0]  # type: ignore[arg-type]


async def test_each_new_day_of_the_history_is_marked() -> None:
    history = (said(1, 9), said(2, 8.99), said(3, 5), said(4, 5, "Mnema"), said(5, 1, "Mnema"), said(6, 1))
    messages = await prompt(view(history=history))
    assert [m["content"] for m in messages[1:4]] == [
        f"[{BOB_LABEL}]: #1\n[{BOB_LABEL}]: #2\n--- 2026-11-16 (Mon) ---\n[{BOB_LABEL}]: #3",
        "#4",
        "--- 2026-11-20 (Fri) ---",
    ]
    assert messages[4]["content"] == "#5"
    assert text_of(messages[5]).startswith(f"[{BOB_LABEL}]: #6\n<context>")


def test_the_marks_are_paid_for() -> None:
    found = lines([said(n, 30 - n) for n in range(1, 30)], 1000, Quarters(), KYIV)
    text = "\n".join(m["content"] for m in as_messages(found, "Mnema"))
    assert text.count(" ---\n") == 28
    assert Quarters().count(text) <= sum(item.tokens for item in found)


async def test_a_window_that_does_not_begin_with_the_conversation_begins_with_its_day() -> None:
    messages = await prompt(view(history=(said(50, 3), said(51, 3, "Mnema"))))
    assert messages[1]["content"] == f"--- 2026-11-18 (Wed) ---\n[{BOB_LABEL}]: #50"


async def test_days_of_a_group_are_the_same_for_everybody() -> None:
    late = message(1, "a", BOB_LABEL, sent_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    history = (replace(late, sent_at=late.sent_at - timedelta(days=3)), replace(late, id=late.id + 1))
    marks = {}
    for chat in (GROUP, PRIVATE):
        for zone in ("Asia/Tokyo", "America/New_York"):
            turn = view(chat, history=history, profile=ProfileView(timezone=zone))
            messages = await prompt(turn, default_timezone="Europe/Kyiv")
            marks[chat.type, zone] = messages[1]["content"].split("\n")[1]
    assert marks["supergroup", "Asia/Tokyo"] == marks["supergroup", "America/New_York"]
    assert marks["supergroup", "Asia/Tokyo"] == "--- 2026-11-20 (Fri) ---"
    assert marks["private", "America/New_York"] == "--- 2026-11-19 (Thu) ---"


async def test_a_pause_is_told_in_the_block_and_not_before_it() -> None:
    for days, told in ((9, True), (0.9, False)):
        text = text_of((await prompt(view(history=(said(1, days, "Mnema"),))))[-1])
        assert ("last message before: 2026-11-12 (Thu, 9 days ago)" in text) == told


FACTS = (
    fact(1, "Lives in Lviv", kind="home", said_at=NOW - timedelta(days=12)),
    fact(2, "Has an exam on Friday", kind="plan", said_at=NOW - timedelta(days=3)),
    fact(3, "Is called Ann", kind="name"),
)


async def test_facts_have_a_day_where_it_helps() -> None:
    assert (await prompt(view(facts=FACTS)))[0]["content"].endswith(
        "- Has an exam on Friday (said 2026-11-18)\n- Lives in Lviv (known since 2026-11-09)\n- Is called Ann"
    )
    block = text_of((await prompt(view(GROUP, facts=FACTS)))[-1])
    assert "- Has an exam on Friday (said 3 days ago)\n- Lives in Lviv (known since 2026-11-09)\n" in block


async def test_the_system_message_reads_the_same_a_month_later() -> None:
    systems = set()
    for days in (0, 1, 31):
        clock = Stopped(NOW + timedelta(days=days))
        messages, _ = await built(services(clock=clock), view(facts=FACTS, history=(said(1, 3),)))
        systems.add((messages[0]["content"], text_of(messages[1]).split("<context>")[0]))
    assert len(systems) == 1


async def test_what_is_recalled_says_how_long_ago() -> None:
    recalled = [Recalled("m:1", "Green", NOW - timedelta(days=2), BOB_LABEL)]
    messages, _ = await built(services(), view(), recalled=recalled)
    assert f"\n2026-11-19 (Thu, 2 days ago):\n[{BOB_LABEL}]: Green\n" in text_of(messages[-1])


async def test_an_edited_message_says_so_when_it_is_past() -> None:
    edited = replace(said(1, 0), edited=True)
    messages = await prompt(view(history=(edited, said(2, 0, "Mnema")), replied=edited))
    assert messages[1]["content"] == f"[{BOB_LABEL}]: (edited) #1"
    assert "> (edited) #1" in text_of(messages[-1])
    current = (replace(said(9, 0), edited=True),)
    assert text_of((await prompt(view(current=current)))[-1]).endswith("</context>\n#9")
