"""The program as a person starts it: a process with its own folder and nothing from the developer's shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


def mnema(
    arguments: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    seconds: float = 60.0,
) -> Ended:
    """Run `mnema` in `folder` to its end."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(folder, env),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def as_ordinary_user() -> list[str]:
    """The command prefix under which file permissions hold, also when the tests run as root."""
    if os.geteuid() != 0:
        return []
    tool = shutil.which("setpriv")
    if tool is None:
        raise RuntimeError("root writes everywhere, and there is no setpriv (util-linux)")
    nobody = [tool, "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    probe = subprocess.run([*nobody, sys.executable, "-c", ""], check=False, capture_output=True)
    # An interpreter inside root's home is out of nobody's reach: root without its privileges will do.
    return nobody if probe.returncode == 0 else [tool, "--inh-caps=-all", "--bounding-set=-all", "--"]


def environment(folder: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the process sees: no setting but the given ones."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **(env or {}),
    }
