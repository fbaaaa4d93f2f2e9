"""How updates come in: by long polling, or posted by Telegram to the bot's own web server."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from fastapi import APIRouter

from bot.settings import Settings
from bot.telegram.face import TelegramFace
from bot.telegram.racing import unless_stopped
from bot.telegram.webhook import webhook_router


class Receiving:
    """One of the two ways. Changing between them loses nothing: what waits at Telegram is kept.

    Polling removes a webhook first, and a webhook is left in place at the end: until the next start updates
    wait at Telegram.
    """

    def __init__(self, settings: Settings, face: TelegramFace) -> None:
        """Raises ConfigError for a webhook without a secret."""
        self._face = face
        self._url = settings.webhook_url
        secret = settings.webhook_secret
        self._secret = secret.get_secret_value() if secret is not None else ""
        self._open = asyncio.Event()
        self.routers: list[APIRouter] = []
        self.hosts: list[str] = []
        if self._url is not None:
            parts = urlsplit(self._url)
            self.routers.append(webhook_router(face.intake, parts.path or "/", self._secret))
            # A proxy in front of the bot passes on the name that Telegram called.
            self.hosts.append(parts.hostname or "")

    def web_is_open(self) -> None:
        """The web server answers: from now on Telegram may post."""
        self._open.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Receive until `stop` is set. Raises ConfigError for what Telegram refuses for good."""
        if self._url is None:
            return await self._face.poll(stop)
        await unless_stopped(self._open.wait(), stop)
        await self._face.use_webhook(self._url, self._secret, stop)
        await stop.wait()
        return None
