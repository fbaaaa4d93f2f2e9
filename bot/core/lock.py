"""One instance per data folder: a second one would answer the same people."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from bot.core.errors import ConfigError, Occupied


class InstanceLock:
    """Holds a lock file for as long as the process lives; the system frees it at any kind of death."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock. Raises Occupied when another holds it, ConfigError where it cannot be."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"The folder {self._path.parent} cannot be written ({error.strerror}); "
                "set DATA_DIR to a folder that this user may write to."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            self._file = None
            raise Occupied(
                f"Another Mnema is running on the folder {self._path.parent}; stop it first, "
                "or set DATA_DIR to another folder."
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def held(self) -> bool:
        """Whether another process holds the lock now."""
        try:
            with self._path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
