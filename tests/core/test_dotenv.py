"""Changing `.env` without touching what else stands there."""

from __future__ import annotations

import stat
import string
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dotenv import update_env
from bot.core.errors import Invalid

BEFORE = """# my bot
ACCESS=open

# the token
export BOT_TOKEN = 'old'  # a comment
LONG="two
BOT_TOKEN=not this one
lines"
LLM_MODEL=gpt
BOT_TOKEN=older"""


def test_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(BEFORE)
    update_env(path, {"BOT_TOKEN": "1:new", "LLM_MODEL": None, "LLM_API_KEY": "k"})
    expected = BEFORE.replace("export BOT_TOKEN = 'old'  # a comment\n", "BOT_TOKEN=1:new\n")
    expected = expected.replace("LLM_MODEL=gpt\n", "").replace("BOT_TOKEN=older", "")
    assert path.read_text() == expected + "LLM_API_KEY=k\n"
    assert dotenv_values(path)["BOT_TOKEN"] == "1:new"


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    update_env(path, {"A": "1"})
    assert path.read_text() == "A=1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    update_env(path, {"B": "2"})
    assert path.read_text() == "A=1\nB=2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.env").write_text("A=1")
    (tmp_path / ".env").symlink_to("real.env")
    update_env(tmp_path / ".env", {"B": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real.env").read_text() == "A=1\nB=2\n"


@pytest.mark.parametrize("value", ["a\nB=2", "a\rB=2", "a\x00", "a\u2028b", "a${HOME}"])
def test_values_that_a_line_cannot_hold_are_refused_whole(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".env"
    with pytest.raises(Invalid) as caught:
        update_env(path, {"GOOD": "1", "BAD": value})
    assert caught.value.params["field"] == "BAD"
    assert value not in str(caught.value)
    assert not path.exists()


def test_an_unwritable_folder_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        update_env(path, {"A": "1"})
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


@given(
    value=st.text(
        string.printable.translate(dict.fromkeys(map(ord, "\t\n\r\x0b\x0c"))) + "їё日 🙂".replace(" ", "")
    ).filter(lambda text: "${" not in text)
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    update_env(path, {"A": "before", "B": value, "C": "after"})
    assert dotenv_values(path) == {"A": "before", "B": value, "C": "after"}
    update_env(path, {"B": value + "x"})
    assert dotenv_values(path) == {"A": "before", "B": value + "x", "C": "after"}
