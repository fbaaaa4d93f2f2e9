"""The planted faults still fit the code: each breaks exactly one place that is there."""

from __future__ import annotations

import pytest

from tests.house.tracked import ROOT
from tests.sabotage.faults import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_line_stands_once(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text().count(fault.line) == 1
    assert fault.line != fault.broken
