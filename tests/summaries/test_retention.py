"""Where messages are kept for less than a summary covers: it tells of nothing that is kept no longer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.app.summaries import make_catch_ups
from bot.context.summarizer import periods, wanted
from tests.summaries.town import DAY, House, house, keeper, settings, talk_much
from tests.support.clock import ManualClock
from tests.support.llm_server import ScriptedLLM
from tests.support.people import ANN, BOB, GROUP, settle

KEPT = 5


async def say(home: House, number: int) -> None:
    now = home.clock.now()

    def unit(session: Session) -> None:
        place = settle(session, ANN, GROUP, now)
        talk_much(session, place, [(now, place, f"FACT-{number}-Ann")])

    await home.app.database.write(unit)


def told(text: str) -> set[int]:
    return {int(mark.split("-")[1]) for mark in text.split() if mark.startswith("FACT-")}


@pytest.mark.parametrize("action", ["archive", "delete"])
async def test_day_by_day_no_summary_tells_of_what_is_kept_no_longer(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock, action: str
) -> None:
    llm.default(keeper)
    days: dict[str, Any] = {"message_retention_days": KEPT, "retention_action": action}
    async with house(sqlite_database_url, tmp_path, llm, clock, **days) as home:
        seen: set[int] = set()
        for today in range(9):
            await say(home, today)
            clock.advance(3600)
            await home.look()
            for summary in (await home.summaries()).values():
                assert min(told(summary.text)) > today - KEPT, (today, summary.kind)
                assert summary.kind == "recent", "a longer one would say the same"
                seen |= told(summary.text)
            clock.advance(86_400 - 3600)
        assert seen >= set(range(7)), "each day was told once"
        catch_up = await make_catch_ups(home.app).catch_up(
            BOB, GROUP, clock.now() - timedelta(days=30), present=True
        )
        assert catch_up.messages <= KEPT + 1
        clock.advance(KEPT * 86_400)
        await home.look()
        assert await home.summaries() == {}, "nothing that is left may be told"


async def test_what_was_told_under_a_longer_retention_goes_when_it_is_shortened(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    async with house(sqlite_database_url, tmp_path, llm, clock) as home:
        for today in range(15):
            await say(home, today)
            clock.advance(86_400)
        await home.look()
        before = await home.summaries()
        assert before.keys() == {"recent", "long"}
        assert 0 in told(before["long"].text)
    clock.advance(86_400)
    async with house(sqlite_database_url, tmp_path, llm, clock, message_retention_days=20) as home:
        await home.look()
        await home.look()
        after = await home.summaries()
        assert after.keys() == {"recent", "long"}
        assert min(told(after["long"].text)) >= 4


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (365, {"recent": (7, 3), "long": (30, 14)}),
        (44, {"recent": (7, 3), "long": (30, 14)}),
        (30, {"recent": (7, 3), "long": (18, 12)}),
        (14, {"recent": (7, 3)}),
        (5, {"recent": (3, 2)}),
        (1, {"recent": (0.6, 0.4)}),
    ],
)
def test_the_periods_are_those_of_the_settings_within_the_retention(
    kept: int, expected: dict[str, Any], llm: ScriptedLLM, tmp_path: Path
) -> None:
    kinds = wanted(periods(settings("sqlite:///x.db", tmp_path, llm, message_retention_days=kept)))
    found = {kind.kind: (kind.covers / DAY, kind.interval / DAY) for kind in kinds}
    assert found == {kind: pytest.approx(days) for kind, days in expected.items()}
