"""Tombstones: hashed marks of erased persons beside the backups, replayed when one of those is restored."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_ROUNDS = 20_000
"""Rounds of the hash: ids are short, and whoever finds the file should not read them off a table."""

_COPY = re.compile(r"mnema-.*?(\d{8}T\d{6})\d*Z?.*\.db(\.\w+)?")
_LASTING = ("mnema-*-before-*.db", "mnema-*-replaced.db", "mnema-*-damaged.db")
"""Copies from before migrations and databases that were set aside: they outlast the days of backups."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Somebody was erased at a time; `salt` and `person` are hexadecimal."""

    person: str
    salt: str
    erased_at: datetime

    def marks(self, platform: str, external_id: str) -> bool:
        """Whether it is this person's."""
        return self.person == hashed(platform, external_id, self.salt)


@dataclass(frozen=True, slots=True)
class HoldingBackup:
    """A backup that still holds an erased person, and when it ends."""

    name: str
    ends: datetime


def hashed(platform: str, external_id: str, salt: str) -> str:
    """The mark of a person under a salt; 64 characters."""
    said = f"{platform}:{external_id}".encode()
    return hashlib.pbkdf2_hmac("sha256", said, bytes.fromhex(salt), _ROUNDS).hex()


def lay(folder: Path, platform: str, external_id: str, now: datetime) -> Tombstone:
    """Put a person's tombstone into the folder of the backups; it is on the disk in the end. Blocks."""
    before = found(folder)
    salt = before[0].salt if before else secrets.token_hex(16)
    stone = Tombstone(hashed(platform, external_id, salt), salt, now.astimezone(UTC))
    _write(folder, stone)
    return stone


def _write(folder: Path, stone: Tombstone) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"erased-{stone.person[:16]}.json"
    said = {"person": stone.person, "salt": stone.salt, "erased_at": stone.erased_at.isoformat()}
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def found(folder: Path) -> list[Tombstone]:
    """The tombstones of a folder; files that cannot be read are no tombstones. Blocks."""
    stones = []
    for path in sorted(folder.glob("erased-*.json")):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            bytes.fromhex(said["salt"])
            stones.append(
                Tombstone(str(said["person"]), said["salt"], datetime.fromisoformat(said["erased_at"]))
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return stones


def hashes(stones: Iterable[Tombstone], platform: str, external_id: str) -> list[str]:
    """Every hash that a person may stand under."""
    return [hashed(platform, external_id, salt) for salt in sorted({stone.salt for stone in stones})]


def holding(folder: Path, days: int) -> list[HoldingBackup]:
    """The backups that are there now, the one that lasts longest at the end. Blocks."""
    copies = [path for path in folder.glob("mnema-*") if _COPY.fullmatch(path.name)]
    backups = [HoldingBackup(path.name, taken_at(path) + timedelta(days=days)) for path in copies]
    return sorted(backups, key=lambda backup: backup.ends)


def taken_at(path: Path) -> datetime:
    """When a backup was made, as its name says."""
    named = _COPY.fullmatch(path.name)
    if named is not None:
        return datetime.strptime(named[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def take_over(folder: Path, stones: Iterable[Tombstone]) -> None:
    """Lay tombstones from elsewhere into the folder; of the same person's the latest counts. Blocks."""
    known = {(stone.salt, stone.person): stone.erased_at for stone in found(folder)}
    for stone in sorted(stones, key=lambda stone: stone.erased_at):
        before = known.get((stone.salt, stone.person))
        if before is None or before < stone.erased_at:
            _write(folder, stone)


def end_copies(folder: Path, days: int, now: datetime) -> Sequence[Path]:
    """Remove lasting copies that hold an erased person and whose time is over. Blocks.

    Those are copies from before migrations, and databases that were set aside.
    """
    stones = found(folder)
    latest = max((stone.erased_at for stone in stones), default=None)
    if latest is None:
        return []
    lasting = [path for pattern in _LASTING for path in folder.glob(pattern)]
    ended = [
        path for path in lasting if taken_at(path) <= latest and taken_at(path) + timedelta(days=days) <= now
    ]
    for path in ended:
        for file in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
    return ended
