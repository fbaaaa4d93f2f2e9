"""`.env.example` names every setting with its default, and nothing else."""

from __future__ import annotations

import re

from bot.settings import Settings
from tests.house.tracked import ROOT

_LINE = re.compile(r"#([A-Z][A-Z0-9_]*)=(.*)")


def _shown() -> list[tuple[str, str]]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return [(match[1], match[2]) for line in lines if (match := _LINE.fullmatch(line))]


def _default(name: str) -> str:
    """A default as one would write it in the file; unset, empty and derived ones are empty."""
    field = Settings.model_fields[name]
    if field.default_factory is not None or field.default in (None, (), {}):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def test_every_setting_appears_once_with_its_default() -> None:
    expected = [(name.upper(), _default(name)) for name in Settings.model_fields]
    assert sorted(_shown()) == sorted(expected)


def test_every_other_line_is_a_comment_or_empty() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    stray = [line for line in lines if line and not line.startswith("# ") and not _LINE.fullmatch(line)]
    assert stray == []


def test_every_setting_is_explained_by_its_own_description() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"# {field.description}\n#{name.upper()}=" in text
