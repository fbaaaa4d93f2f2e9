"""Where the shipped folders are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def prompts_dir() -> Path:
    """The folder of the system prompts; raises `FileNotFoundError` when the installation lacks it."""
    return _shipped("prompts")


def migrations_dir() -> Path:
    """Alembic's script folder; raises `FileNotFoundError` when the installation lacks it."""
    return _shipped("migrations")


def _shipped(name: str) -> Path:
    # The wheel's own place first: beside an installed package stand other people's packages.
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"the folder {name}/ is missing beside {_PACKAGE}: the installation is incomplete"
    )
