"""Plants each fault in a copy of the checkout and demands that a test fails there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.sabotage.faults import FAULTS, Fault  # noqa: E402 - the path stands above

COPIED = ("bot", "prompts", "migrations", "tests", "pyproject.toml", ".env.example", "README.md")
FAILED = 1
"""pytest's exit code for tests that ran and failed; any other code proves nothing."""


def plant(fault: Fault, copy: Path) -> None:
    """Break the copy; a fault whose line is gone must be brought up to date."""
    file = copy / fault.file
    text = file.read_text()
    if text.count(fault.line) != 1:
        raise SystemExit(f"stale: {fault.file} holds {text.count(fault.line)} times: {fault.line.strip()}")
    file.write_text(text.replace(fault.line, fault.broken))


def tested(fault: Fault) -> tuple[Fault, int, str, float]:
    """Run the fault's tests on a broken copy."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, copy / name)
        plant(fault, copy)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *fault.tests]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    return fault, done.returncode, done.stdout[-2000:], time.monotonic() - began


def main() -> int:
    """Run all (or those whose names hold an argument); the exit code says whether all were caught."""
    wanted = sys.argv[1:]
    faults = [f for f in FAULTS if not wanted or any(word in f.name for word in wanted)]
    missed = []
    with ThreadPoolExecutor(2) as pool:
        for fault, code, output, seconds in pool.map(tested, faults):
            caught = code == FAILED
            print(f"{'caught' if caught else 'MISSED'}  {fault.name}  ({seconds:.0f} s)", flush=True)
            if not caught:
                missed.append(fault.name)
                print(f"pytest ended with {code}:\n{output}", flush=True)
    print(f"{len(faults) - len(missed)} of {len(faults)} faults were caught", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
