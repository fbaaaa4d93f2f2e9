"""Updates that Telegram posts: checked, committed, and only then acknowledged."""

from __future__ import annotations

import hmac
import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Request, Response

from bot.core.errors import ConfigError
from bot.telegram.intake import Intake

_MOST_BYTES = 1 << 20


def webhook_router(intake: Intake, path: str, secret: str) -> APIRouter:
    """A router that takes updates at `path`. Raises ConfigError without a secret."""
    if not secret:
        raise ConfigError("WEBHOOK_URL needs WEBHOOK_SECRET: without it anybody could post updates.")
    router = APIRouter(include_in_schema=False)

    @router.post(path)
    async def receive(
        request: Request, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
    ) -> Response:
        """200 means committed; after anything else Telegram posts the update again."""
        if not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), secret.encode()):
            raise HTTPException(401)
        await intake.accept([await _update(request)])
        return Response()

    return router


async def _update(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413)
    try:
        update = json.loads(body)
    except ValueError:
        raise HTTPException(400) from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise HTTPException(400)
    return update
