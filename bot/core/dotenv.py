"""Changing settings in an `.env` file without touching what else stands there."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.core.errors import Invalid

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=~?&*!-]*")


def update_env(path: str | os.PathLike[str], values: Mapping[str, str | None]) -> None:
    """Set names to values, or take names away (None); other lines, comments and their order stay.

    The file appears whole or not at all and is readable by its owner alone (0600).
    Raises `Invalid` for a value that an `.env` line cannot hold, `OSError` when the file cannot be written.
    """
    lines = {name: _line(name, value) for name, value in values.items()}
    target = Path(os.path.realpath(path))
    text = target.read_bytes().decode("utf-8-sig") if target.exists() else ""
    _replace(target, _merged(text, lines))


def _merged(text: str, lines: dict[str, str]) -> str:
    rest = dict(lines)
    kept = ""
    for binding in parse_stream(io.StringIO(text, newline="")):
        if binding.key in lines:
            kept += _before(binding) + rest.pop(binding.key, "")
        else:
            kept += binding.original.string
    added = "".join(rest.values())
    gap = "\n" if added and kept and not kept.endswith(("\n", "\r")) else ""
    return kept + gap + added


def _before(binding: Binding) -> str:
    # The parser counts empty lines before an assignment as part of it.
    original = binding.original.string
    blank = original[: len(original) - len(original.lstrip())]
    return blank[: blank.rfind("\n") + 1]


def _line(name: str, value: str | None) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(f"no name for a variable: {name!r}", field=name)
    if value is None:
        return ""
    if not value.isprintable():
        raise Invalid("a value in .env cannot hold line breaks or control characters", field=name)
    if "${" in value:
        # Readers of .env files put variables there, however the value is quoted.
        raise Invalid("a value in .env cannot hold ${", field=name)
    if _BARE.fullmatch(value):
        return f"{name}={value}\n"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'\n"


def _replace(target: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
