"""Token ranks shipped with the house, so that counting never downloads anything."""

from __future__ import annotations

import hashlib
import lzma
import os
import tempfile
from importlib import resources
from pathlib import Path

# tiktoken looks for files named by the hash of their public address, and checks their content.
_CACHE_NAMES = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}
_SHA256 = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}


def unpack(encoding: str, folder: Path) -> Path:
    """Put an encoding's ranks into `folder` under tiktoken's name and return the folder that holds them.

    A folder that cannot be written is replaced by a temporary one. Raises OSError when neither works.
    """
    data: bytes | None = None
    for place in (folder, Path(tempfile.gettempdir()) / f"mnema-tiktoken-{os.getuid()}"):
        if _intact(place / _CACHE_NAMES[encoding], encoding):
            return place
        data = data or _shipped(encoding)
        try:
            _write(place, _CACHE_NAMES[encoding], data)
        except OSError:
            continue
        return place
    raise OSError("no folder can hold the token ranks")


def _shipped(encoding: str) -> bytes:
    return lzma.decompress((resources.files(__package__) / f"{encoding}.tiktoken.xz").read_bytes())


def _intact(path: Path, encoding: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == _SHA256[encoding]
    except OSError:
        return False


def _write(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f"{name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(folder / name)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
