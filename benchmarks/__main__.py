"""python -m benchmarks [NAME ...]: run all benchmarks, or some of them; SCALE=10M for the long one."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "history",
    "turns",
    "context",
    "context_cache",
    "context_shares",
    "extraction",
    "search",
    "recall",
    "importing",
    "numbers",
)


def main() -> None:
    """Run the named benchmarks one after another."""
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            sys.exit(f"no benchmark {name!r}; there are: {', '.join(NAMES)}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
