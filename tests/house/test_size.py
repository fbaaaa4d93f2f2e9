"""Rooms stay small enough to be read: 300 lines a file, 60 a function."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tracked import ROOT, python_files

FILE_LINES = 300
FUNCTION_LINES = 60


def too_long(path: Path) -> list[str]:
    """What in the file is over the limits, one sentence each."""
    source = path.read_text(encoding="utf-8")
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    found = []
    if (lines := len(source.splitlines())) > FILE_LINES:
        found.append(f"{shown}: {lines} lines, {FILE_LINES} are allowed")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(
                    f"{shown}:{node.lineno} {node.name}: {length} lines, {FUNCTION_LINES} are allowed"
                )
    return found


def test_no_file_and_no_function_is_too_long() -> None:
    files = python_files("bot", "benchmarks")
    assert ROOT / "bot" / "__init__.py" in files
    assert [sentence for path in files for sentence in too_long(path)] == []


def test_the_limits_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    def written(body: int, after: int) -> list[str]:
        path = tmp_path / "room.py"
        path.write_text("def f():\n" + "    pass\n" * body + "x = 1\n" * after)
        return too_long(path)

    assert written(FUNCTION_LINES - 1, FILE_LINES - FUNCTION_LINES) == []
    assert "f: 61 lines" in written(FUNCTION_LINES, 0)[0]
    assert "301 lines" in written(1, FILE_LINES - 1)[0]
