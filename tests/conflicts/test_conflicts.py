"""What people say, change and take back, whatever a model makes of it: the rows that must come of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conflicts.rows import canonical
from tests.conflicts.script import Case, all_cases
from tests.conflicts.stage import House, Stage

CASES = all_cases()
LANGUAGES = ("en", "uk", "ru")
CATEGORIES = ("update", "correction", "cascade", "absence", "deletion", "group", "same names", "sharing")
EVERY = 10
"""Of the cases, each so many-th runs on PostgreSQL too."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_case(house: House, case: Case) -> None:
    await hold(house, case)


@pytest.mark.postgres
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES[::EVERY], ids=lambda case: case.id)
async def test_case_on_postgres(postgres_house: House, case: Case) -> None:
    await hold(postgres_house, case)


async def hold(house: House, case: Case) -> None:
    """Play a case; whoever is not named in it must own nothing."""
    stage = Stage(house, case)
    await stage.play()
    for who, (rows, lines) in (await stage.ends()).items():
        expected = case.expected.get(who)
        assert lines == [canonical(row) for row in (expected.rows if expected else ())]
        for place, seen in expected.seen.items() if expected and rows else ():
            prompt = await stage.prompt(who, {"private": "", "group": "g", "other": "h"}[place])
            shown = {line.strip() for line in prompt.splitlines()}
            found = {row.text for row in rows if _shows(shown, row.text)}
            assert (place, found) == (place, {rows[at - 1].text for at in seen})
    assert dict(+stage.refused) == dict(case.refused)


def _shows(lines: set[str], text: str) -> bool:
    return any(line == f"- {text}" or line.startswith(f"- {text} (") for line in lines)


def test_the_suite_is_as_large_as_it_is_said_to_be(root: Path) -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 200
    assert sum(bool(case.misbehaves) for case in CASES) >= 60
    assert {case.category for case in CASES} == set(CATEGORIES)
    assert table() in (root / "docs" / "memory.md").read_text("utf-8"), table()


def table() -> str:
    """The counts as the documentation shows them."""
    counts = Counter((case.category, case.language) for case in CASES)
    bad = Counter(case.language for case in CASES if case.misbehaves)
    lines = ["| category | en | uk | ru | all |", "|---|---|---|---|---|"]
    for category in CATEGORIES:
        own = [counts[category, language] for language in LANGUAGES]
        lines.append(f"| {category} | {' | '.join(map(str, own))} | {sum(own)} |")
    every = [sum(case.language == language for case in CASES) for language in LANGUAGES]
    lines.append(f"| all | {' | '.join(map(str, every))} | {sum(every)} |")
    own = [bad[language] for language in LANGUAGES]
    lines.append(f"| of these with a misbehaving model | {' | '.join(map(str, own))} | {sum(own)} |")
    return "\n".join(lines)
