"""Files that stand at Telegram, as bytes."""

from __future__ import annotations

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiohttp import ClientError

from bot.core.errors import FileUnavailable

_SECONDS = 60


class TelegramFiles:
    """Downloads by file id; the address, which holds the token, goes nowhere."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        """The file's bytes. Raises FileUnavailable when it is gone, unreachable or larger than allowed."""
        try:
            file = await self._bot.get_file(file_id)
            if file.file_size is not None and file.file_size > max_bytes:
                raise FileUnavailable(f"file of {file.file_size} bytes, allowed are {max_bytes}")
            if file.file_path is None:
                raise FileUnavailable("Telegram names no path for the file")
            return await self._download(file.file_path, max_bytes)
        except (TimeoutError, AiogramError, ClientError) as error:
            raise FileUnavailable(f"download failed: {type(error).__name__}") from None

    async def _download(self, path: str, max_bytes: int) -> bytes:
        session = self._bot.session
        url = session.api.file_url(self._bot.token, path)
        data = bytearray()
        stream = session.stream_content(url, timeout=_SECONDS, raise_for_status=True)
        try:
            async for chunk in stream:
                data += chunk
                if len(data) > max_bytes:
                    raise FileUnavailable(f"file of more than {max_bytes} bytes")
        finally:
            await stream.aclose()
        return bytes(data)
