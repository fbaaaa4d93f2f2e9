"""Undo buttons stand side by side, three to a row."""

from __future__ import annotations

import pytest

from bot.core.messages import Notice
from bot.telegram.i18n import translator
from bot.telegram.keyboards import answer_buttons


@pytest.mark.parametrize(("count", "rows"), [(0, []), (1, [1]), (3, [3]), (5, [3, 2]), (20, [3, 3, 2])])
def test_undo_buttons_in_rows_of_three(count: int, rows: list[int]) -> None:
    notices = [Notice("remembered", f"fact {number}", (number,)) for number in range(1, count + 1)]
    markup = answer_buttons(translator("en"), 7, 1, failed=False, notices=notices)
    keyboard = markup.inline_keyboard if markup else []
    assert [len(row) for row in keyboard] == rows
    shown = [button.callback_data for row in keyboard for button in row]
    assert shown == [f"undo:7:{number}" for number in range(1, sum(rows) + 1)]


def test_retry_keeps_a_row_of_its_own() -> None:
    notices = [Notice("remembered", "fact", (1, 2))]
    markup = answer_buttons(translator("en"), 7, 1, failed=True, notices=notices)
    assert markup is not None
    assert [len(row) for row in markup.inline_keyboard] == [1, 2]
