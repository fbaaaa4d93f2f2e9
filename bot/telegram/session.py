"""The HTTP session to the Bot API: honest about failures, silent about the token."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from http import HTTPStatus
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramServerError
from aiogram.methods import Response, SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from pydantic import ConfigDict

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")
_REQUEST_SECONDS = 30.0
_TLS_FAREWELL_SECONDS = 0.25


def redacted(text: str) -> str:
    """The text without anything that looks like a bot token."""
    return _TOKEN.sub("<token>", text)


class RawSendMessage(SendMessage):
    """sendMessage whose result is left as JSON: a message that we cannot parse was sent all the same."""

    model_config = ConfigDict(extra="allow")
    __returning__ = dict[str, Any]


@cache
def _answer_model(returning: Any) -> Any:
    """What an answer is parsed by: pydantic forgets a model that nobody holds, and making one is slow."""
    return Response[returning]


class BotSession(AiohttpSession):
    """aiogram's session, telling gateway pages from undecodable answers and keeping the token out of logs."""

    def __init__(self, api_url: str | None = None) -> None:
        api = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
        super().__init__(api=api, timeout=_REQUEST_SECONDS)

    async def close(self) -> None:
        """Close the connections; only TLS ones need a moment to say goodbye."""
        if self._session is None or self._session.closed:
            return
        await self._session.close()
        if self.api.base.startswith("https:"):
            await asyncio.sleep(_TLS_FAREWELL_SECONDS)

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """As aiogram's, but an error page of a proxy is a server error, not an accepted request."""
        _answer_model(method.__returning__)
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError as error:
            if status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise TelegramServerError(method=method, message=f"HTTP {status_code}") from None
            raise ClientDecodeError(error.message, error.original, "(not shown)") from None

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """As aiogram's; aiohttp's errors carry the address, which holds the token."""
        try:
            return await super().make_request(bot, method, timeout)
        except TelegramNetworkError as error:
            raise TelegramNetworkError(method=method, message=redacted(error.message)) from None
