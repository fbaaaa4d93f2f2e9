"""The shipped folders are found from a checkout and from an installed wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bot.core.resources import migrations_dir, prompts_dir
from tests.house.tracked import ROOT


def test_a_checkout_uses_its_own_folders() -> None:
    assert prompts_dir() == ROOT / "prompts"
    assert migrations_dir() == ROOT / "migrations"
    assert (prompts_dir() / "default.md").is_file()


@pytest.mark.slow
def test_a_wheel_carries_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    code = "from bot.core import resources as r; print(r.prompts_dir(), r.migrations_dir())"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r}); {code}"]
    shown = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    data = unpacked / "bot" / "_data"
    assert shown.split() == [str(data / "prompts"), str(data / "migrations")]
    assert {p.name for p in (data / "prompts").iterdir()} == {p.name for p in (ROOT / "prompts").iterdir()}
    assert list((data / "migrations" / "versions").glob("*.py"))
