"""The rehearsal model as an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from bot.playground.rehearsal.prompt import read_prompt
from bot.playground.rehearsal.request import ChatRequest
from bot.playground.rehearsal.rules import Answer, respond
from bot.playground.rehearsal.wire import Reply, tokens

MODEL = "mnema-rehearsal"
WORD_DELAY = 0.015


def rehearsal_router(delay: float = WORD_DELAY) -> APIRouter:
    """Routes to mount under /rehearsal/v1; `delay` seconds lie between two streamed words."""
    router = APIRouter(tags=["rehearsal"])

    @router.get("/models", include_in_schema=False)
    async def models(request: Request) -> Response:
        if not _has_key(request):
            return _no_key()
        model = {"id": MODEL, "object": "model", "created": 1_760_000_000, "owned_by": "mnema"}
        return JSONResponse({"object": "list", "data": [model]})

    @router.post("/chat/completions", include_in_schema=False)
    async def chat_completions(request: Request) -> Response:
        return await _complete(request, delay)

    return router


async def _complete(request: Request, delay: float) -> Response:
    if not _has_key(request):
        return _no_key()
    try:
        body = json.loads(await request.body())
    except ValueError:
        return _error(400, "We could not parse the JSON body of your request.")
    try:
        chat = ChatRequest.model_validate(body)
    except ValidationError as error:
        # A part of a content fails as text too: the deepest place is the one that is meant.
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        first = max(errors, key=lambda each: len(each["loc"]))
        return _error(400, f"Invalid request: {first['msg']}", param=".".join(map(str, first["loc"])) or None)
    if chat.model != MODEL:
        return _error(
            404, f"The model '{chat.model}' does not exist; this endpoint has {MODEL}.", "model_not_found"
        )
    answer = await asyncio.to_thread(_answer, chat)
    reply = Reply(chat, body, answer, delay)
    if chat.stream:
        return StreamingResponse(
            reply.stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
    return JSONResponse(await reply.whole())


def _answer(chat: ChatRequest) -> Answer:
    body: dict[str, Any] = chat.model_dump(by_alias=True, exclude_none=True)
    limit = chat.limit
    return respond(read_prompt(body), lambda text: limit is None or tokens(text) <= limit)


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _no_key() -> Response:
    return _error(401, "Give any API key: Authorization: Bearer <anything>.", "invalid_api_key")


def _error(status: int, message: str, code: str | None = None, param: str | None = None) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=status)
