"""The locks hold what pyproject asks for, hashed, and no file names the place it was downloaded from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tracked import ROOT, project_files

_PIN = re.compile(r"([A-Za-z0-9._-]+)==(\S+?)(?: ; .*)? \\")
# In pieces, so that this file does not name what it forbids.
_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
    )
]


def _pins(lock: str) -> dict[str, list[str]]:
    """Each locked distribution with its versions: there are several where they differ by Python version."""
    found: dict[str, list[str]] = {}
    for name, version in _PIN.findall((ROOT / lock).read_text()):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def _asked(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        *project["dependencies"],
        *(line for e in extras for line in project["optional-dependencies"][e]),
    ]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.txt", ["build"]), ("requirements-dev.txt", ["build", "dev"])]
)
def test_the_lock_satisfies_pyproject(lock: str, extras: list[str]) -> None:
    pins = _pins(lock)
    for asked in _asked(*extras):
        versions = pins.get(canonicalize_name(asked.name), [])
        assert versions, f"{asked.name} is not in {lock}: make lock"
        assert all(asked.specifier.contains(v, prereleases=True) for v in versions), f"{asked}: {versions}"


def test_the_development_lock_extends_the_other() -> None:
    run, dev = _pins("requirements.txt"), _pins("requirements-dev.txt")
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_is_hashed_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|file:|@ |^-", text, re.MULTILINE)


def _names_a_host(path: Path) -> bool:
    content = path.read_bytes()
    return any(host.encode() in content for host in _HOSTS)


def test_no_file_names_a_registry_host(tmp_path: Path) -> None:
    example = tmp_path / "x"
    example.write_text(f"https://{_HOSTS[0]}/simple")
    assert _names_a_host(example)
    assert [str(path.relative_to(ROOT)) for path in project_files() if _names_a_host(path)] == []
