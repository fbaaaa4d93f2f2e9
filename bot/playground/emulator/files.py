"""Files of the playground: bytes in the store, photo sizes really made."""

from __future__ import annotations

import asyncio
import io
import secrets
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from bot.playground.emulator.errors import bad_request
from bot.playground.records import StoredFile
from bot.playground.store import Json
from bot.playground.world import World

MAX_DOWNLOAD = 20 * 1024 * 1024
_EDGES = (90, 320, 800, 1280)
_FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "sticker": "stickers"}


@dataclass(frozen=True)
class Upload:
    """Bytes that came with a request."""

    data: bytes
    name: str = ""
    mime: str = ""


class Files:
    """Keeps files and describes them as the Bot API does."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def keep(self, upload: Upload, kind: str, suffix: str, extra: Json | None = None) -> StoredFile:
        """Store bytes under new ids."""
        number = len(self._world.files) + 1
        path = f"{_FOLDERS[kind]}/file_{number}{suffix}"
        await self._world.store.put_blob(path, upload.data)
        file_id, unique = f"{kind[:2].upper()}{secrets.token_urlsafe(36)}", secrets.token_urlsafe(11)
        size = len(upload.data)
        return self._world.put(
            StoredFile(file_id, unique, path, size, upload.mime, upload.name, {"kind": kind, **(extra or {})})
        )

    async def photo(self, upload: Upload) -> list[Json]:
        """Store a photo in its sizes, smallest first. Raises 400 if it is no picture."""
        sizes = await asyncio.to_thread(_photo_sizes, upload.data)
        result = []
        for data, width, height in sizes:
            extra = {"width": width, "height": height}
            kept = await self.keep(Upload(data, "", "image/jpeg"), "photo", ".jpg", extra)
            result.append(_described(kept) | extra)
        return result

    async def document(self, upload: Upload) -> Json:
        """Store a document."""
        suffix = "." + upload.name.rsplit(".", 1)[-1] if "." in upload.name else ""
        return _described(await self.keep(upload, "document", suffix)) | _named(upload)

    async def voice(self, upload: Upload, duration: int) -> Json:
        """Store a voice note of so many seconds."""
        mime = {"mime_type": upload.mime or "audio/ogg"}
        upload = Upload(upload.data, upload.name, upload.mime or "audio/ogg")
        return _described(await self.keep(upload, "voice", ".oga")) | {"duration": duration} | mime

    async def sticker(self, upload: Upload, emoji: str) -> Json:
        """Store a sticker."""
        shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return _described(await self.keep(upload, "sticker", ".webp")) | shape | {"emoji": emoji}

    def known(self, file_id: str) -> StoredFile:
        """A file by id. Raises 400 for an unknown one."""
        if (found := self._world.files.get(file_id)) is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return found

    async def bytes_of(self, path: str) -> bytes | None:
        """The bytes under a file path, or None."""
        return await self._world.store.blob(path)


def _described(file: StoredFile) -> Json:
    return {"file_id": file.file_id, "file_unique_id": file.file_unique_id, "file_size": file.size}


def _named(upload: Upload) -> Json:
    fields = {"file_name": upload.name, "mime_type": upload.mime or "application/octet-stream"}
    return {name: value for name, value in fields.items() if value}


def _photo_sizes(data: bytes) -> list[tuple[bytes, int, int]]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if picture.width + picture.height > 10000 or max(picture.size) > 20 * min(picture.size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    longest = max(picture.size)
    edges = [edge for edge in _EDGES if edge < longest] + ([longest] if longest <= _EDGES[-1] else [])
    return [_scaled(picture, edge / longest) for edge in edges]


def _scaled(picture: Image.Image, factor: float) -> tuple[bytes, int, int]:
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    out = io.BytesIO()
    (picture if size == picture.size else picture.resize(size)).save(out, "JPEG", quality=87)
    return out.getvalue(), *size
