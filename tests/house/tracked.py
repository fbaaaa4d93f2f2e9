"""The project's files, as git or, in an unpacked archive, the file system knows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_OURS = {".git", ".venv", "data", "build", "dist"}


def project_files() -> list[Path]:
    """Every file of the project that is tracked, or new and not ignored; without git, every file."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return [p for p in ROOT.rglob("*") if p.is_file() and p.relative_to(ROOT).parts[0] not in _NOT_OURS]
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    """The project's Python files below `folders`."""
    return [p for p in project_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in set(folders)]
