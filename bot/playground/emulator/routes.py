"""The Bot API over HTTP: tokens, parameters in every accepted form, answers, ordered faults."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot.playground.emulator import methods as _registered  # noqa: F401 - importing registers the handlers
from bot.playground.emulator.call import HANDLERS, Call, RequestRecord
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.cut import CutResponse
from bot.playground.emulator.errors import ApiError, bad_request
from bot.playground.emulator.faults import Fault
from bot.playground.emulator.files import Upload
from bot.playground.emulator.schema import Shape, shapes
from bot.playground.records import BotAccount
from bot.playground.store import Json

log = logging.getLogger(__name__)
# Its results were checked when the updates were made, or injected to be wrong on purpose.
UNCHECKED = frozenset({"getUpdates"})


def emulator_router(emulator: Emulator) -> APIRouter:
    """Routes of the emulated Bot API, to be mounted under the base address that bots are given."""
    router = APIRouter()

    async def call_method(request: Request) -> Response:
        return await _Exchange(emulator, request).run()

    async def download(request: Request) -> Response:
        return await _download(emulator, request)

    router.add_route("/bot{token}/{method}", call_method, methods=["GET", "POST"], include_in_schema=False)
    router.add_route("/file/bot{token}/{path:path}", download, methods=["GET"], include_in_schema=False)
    return router


class _Exchange:
    """One request and its answer."""

    def __init__(self, emu: Emulator, request: Request) -> None:
        self._emu = emu
        self._request = request
        self._began = emu.clock.monotonic()
        self._method = request.path_params["method"]
        self._raw: Json = {}

    async def run(self) -> Response:
        """Read, strike or carry out, record, answer."""
        fault: Fault | None = None
        try:
            bot, shape = self._addressed()
            self._raw, uploads = await _read(self._request)
            fault = self._emu.faults.take(shape.name, _chat_id(self._raw))
            if fault is not None:
                self._emu.events.emit("network")
            if fault is not None and not fault.accepted:
                return await self._strike(fault)
            status, body = 200, await self._carry_out(bot, shape, uploads)
        except ApiError as error:
            status, body = error.code, error.body()
        except ClientDisconnect:
            return CutResponse()
        if fault is not None:
            return await self._strike(fault)
        return self._answer(status, json.dumps(body), body)

    def _addressed(self) -> tuple[BotAccount, Shape]:
        bot = self._emu.bot_by_token(unquote(self._request.path_params["token"]))
        if bot is None:
            raise ApiError(401, "Unauthorized")
        shape = shapes().get(self._method.lower())
        if shape is None:
            raise ApiError(404, "Not Found: method not found")
        if self._method.lower() not in HANDLERS:
            raise ApiError(404, f"Not Found: the playground does not know {shape.name}")
        self._method = shape.name
        return bot, shape

    async def _carry_out(self, bot: BotAccount, shape: Shape, uploads: dict[str, Upload]) -> Json:
        call = Call(bot, shape.name, shape.parse(self._raw), uploads)
        result: Any = await HANDLERS[shape.name.lower()](self._emu, call)
        await self._emu.commit()
        if shape.name not in UNCHECKED:
            try:
                shape.check_result(result)
            except ValidationError as error:
                log.exception("the emulator's answer to %s is not one of Telegram's", shape.name)
                raise ApiError(500, f"Internal Server Error: {error}") from error
        return {"ok": True, "result": result}

    async def _strike(self, fault: Fault) -> Response:
        if fault.kind == "hang":
            try:
                async with asyncio.timeout(fault.seconds):
                    await self._emu.closing.wait()
            except TimeoutError:
                pass
        if fault.kind in ("hang", "reset"):
            self._record(0, "")
            return CutResponse()
        return self._answer(fault.status, fault.body, fault.body)

    def _answer(self, status: int, text: str, shown: Json | str) -> Response:
        self._record(status, shown)
        kind = "text/html" if text.startswith("<") else "application/json"
        return Response(text, status, media_type=kind)

    def _record(self, status: int, shown: Json | str) -> None:
        now = self._emu.clock
        seconds = now.monotonic() - self._began
        self._emu.requests.append(RequestRecord(self._method, self._raw, now.now(), seconds, status, shown))


async def _read(request: Request) -> tuple[Json, dict[str, Upload]]:
    raw: Json = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method == "POST" and kind == "application/json":
        raw |= _json_object(await request.body())
    elif request.method == "POST" and kind:
        await _read_form(request, raw, uploads)
    used = {str(value).removeprefix("attach://") for value in raw.values()}
    # A file may stand in the part that is named like its parameter, or in one that the parameter points to.
    raw |= {name: f"attach://{name}" for name in uploads if name not in used and name not in raw}
    return raw, uploads


async def _read_form(request: Request, raw: Json, uploads: dict[str, Upload]) -> None:
    try:
        async with request.form(max_files=50, max_fields=200) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    uploads[name] = Upload(await value.read(), value.filename or "", value.content_type or "")
                else:
                    raw[name] = value
    except HTTPException as error:
        raise bad_request(str(error.detail)) from None


def _json_object(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise bad_request("can't parse JSON object")
    return parsed


def _chat_id(raw: Json) -> int | None:
    try:
        return int(raw["chat_id"])
    except (KeyError, TypeError, ValueError):
        return None


async def _download(emu: Emulator, request: Request) -> Response:
    if emu.bot_by_token(unquote(request.path_params["token"])) is None:
        return Response(json.dumps(ApiError(401, "Unauthorized").body()), 401, media_type="application/json")
    path = request.path_params["path"]
    body = await emu.files.bytes_of(path)
    if body is None:
        return Response(json.dumps(ApiError(404, "Not Found").body()), 404, media_type="application/json")
    return Response(body, media_type="application/octet-stream")
