"""The page API: what a messenger page reads, follows and does as the playground's people."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.emulator.methods.profile import commands_for
from bot.playground.page_doing import add_acting_routes, add_changing_routes
from bot.playground.page_making import add_making_routes, add_topic_routes
from bot.playground.page_network import add_network_routes
from bot.playground.page_state import messages_json, state_json
from bot.playground.records import Chat
from bot.playground.store import Json
from bot.web.problems import problem

_IMAGES = {f"image/{kind}" for kind in ("jpeg", "png", "webp", "gif")}
_SOUNDS = {f"audio/{kind}" for kind in ("ogg", "mpeg", "mp4", "wav", "webm")}
SHOWN = frozenset({"text/plain"} | _IMAGES | _SOUNDS)
"""Types that a browser may show or play as they are."""


class _PlaygroundRoute(APIRoute):
    """Turns what a client would not let people do into problem+json."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def refusing(request: Request) -> Response:
            try:
                return await handle(request)
            except ActionRefused as refusal:
                return problem(409, str(refusal), code=f"play.{refusal.code}", params=refusal.params)

        return refusing


def page_router(emulator: Emulator) -> APIRouter:
    """Routes of the page API, to be mounted where the messenger page expects them."""
    router = APIRouter(route_class=_PlaygroundRoute, include_in_schema=False)
    _add_reading_routes(router, emulator)
    _add_watching_routes(router, emulator)
    add_acting_routes(router, emulator)
    add_changing_routes(router, emulator)
    add_making_routes(router, emulator)
    add_topic_routes(router, emulator)
    add_network_routes(router, emulator)
    return router


def _chat(emu: Emulator, chat_id: int) -> Chat:
    if (chat := emu.world.chats.get(chat_id)) is None:
        raise HTTPException(404, "there is no such chat")
    return chat


def _add_reading_routes(router: APIRouter, emu: Emulator) -> None:
    @router.get("/state")
    async def state() -> Json:
        return state_json(emu)

    @router.get("/chats/{chat_id}/messages")
    async def messages(
        chat_id: int, after: int = 0, before: int | None = None, limit: int = Query(100, ge=1, le=500)
    ) -> Json:
        return messages_json(emu, _chat(emu, chat_id), after, before, limit)

    @router.get("/chats/{chat_id}/commands")
    async def commands(chat_id: int, person: int) -> list[Json]:
        chat = _chat(emu, chat_id)
        if person not in emu.world.people:
            raise HTTPException(404, "there is no such person")
        return commands_for(emu, chat.bot_id or emu.main_bot.id, chat, emu.world.people[person])

    @router.get("/files/{file_id}")
    async def file(file_id: str) -> Response:
        known = emu.world.files.get(file_id)
        body = await emu.files.bytes_of(known.path) if known else None
        if known is None or body is None:
            raise HTTPException(404, "there is no such file")
        # People send anything; what a page could run is given for keeping only.
        shown = known.mime if known.mime in SHOWN else "application/octet-stream"
        # An id means the same bytes for ever; without this the page would fetch a picture at every redraw.
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        }
        return Response(body, media_type=shown, headers=headers)


def _add_watching_routes(router: APIRouter, emu: Emulator) -> None:
    @router.get("/events")
    async def events(after: int | None = None, last_event_id: str | None = Header(None)) -> Response:
        given = last_event_id if last_event_id and last_event_id.isdigit() else after
        start = emu.events.last_id if given is None else int(given)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(emu, start), media_type="text/event-stream", headers=headers)

    @router.get("/ledger")
    async def ledger(chat_id: int | None = None) -> list[Json]:
        return [entry.json() for entry in emu.ledger(chat_id)]

    @router.get("/requests")
    async def requests(method: str | None = None, limit: int = Query(100, ge=1, le=5000)) -> list[Json]:
        named = [r for r in emu.requests if method in (None, r.method)]
        return [{**vars(record), "at": record.at.isoformat()} for record in named[-limit:]]


async def _stream(emu: Emulator, start: int) -> AsyncIterator[str]:
    yield f"retry: 1000\nid: {start}\n\n"
    async for event in emu.events.follow(start):
        if event is None:
            yield ": still here\n\n"
        else:
            body: dict[str, Any] = {"id": event.id, "kind": event.kind, **event.body}
            yield f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(body)}\n\n"
