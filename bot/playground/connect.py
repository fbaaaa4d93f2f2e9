"""From the playground to the real thing: a bot token or a model is checked, then written to `.env`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import aiohttp
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.core.dotenv import update_env
from bot.core.errors import Invalid, LLMError
from bot.web.problems import Problem, plain_sentence

TIMEOUT_SECONDS = 15
_TOKEN = re.compile(r"\d{5,20}:[A-Za-z0-9_-]{20,128}")


@dataclass(frozen=True)
class ModelStatus:
    """The model that answers now; `ollama` lists a local Ollama's models, None if there is none."""

    mode: Literal["rehearsal", "real"]
    model: str
    ollama: tuple[str, ...] | None = None
    ollama_url: str = "http://127.0.0.1:11434/v1"


Probe = Callable[[str, str, str], Awaitable[None]]
Status = Callable[[], Awaitable[ModelStatus]]


def _one_line(value: str) -> str:
    value = value.strip()
    if not value.isprintable():
        raise ValueError("must be one line without control characters")
    return value


def _secret(value: SecretStr) -> SecretStr:
    plain = value.get_secret_value().strip()
    if not all("!" <= sign <= "~" for sign in plain):
        raise ValueError("must consist of Latin letters, digits and signs, without spaces or line breaks")
    return SecretStr(plain)


def _http(value: str) -> str:
    value = _one_line(value)
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ValueError("must be an address that starts with http:// or https://")
    return value.rstrip("/")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TokenForm(_Form):
    """The token that @BotFather gave."""

    token: Annotated[SecretStr, AfterValidator(_secret)]


class ModelForm(_Form):
    """An OpenAI-compatible endpoint; an empty `base_url` means OpenAI itself."""

    base_url: Annotated[str, Field(max_length=2000), AfterValidator(_http)] = ""
    api_key: Annotated[SecretStr, Field(max_length=2000), AfterValidator(_secret)] = SecretStr("")
    model: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]


def connect_routes(
    *,
    probe: Probe,
    status: Status,
    telegram_api: str | None = None,
    env_file: str | os.PathLike[str] = ".env",
) -> APIRouter:
    """Routes under `/playground/api`.

    `probe(base_url, api_key, model)` calls the model once and raises `LLMError` when it cannot be used;
    `telegram_api` is the base of a Bot API server, None means Telegram's own; `env_file` is what is written.
    """
    router = APIRouter(prefix="/playground/api", include_in_schema=False)

    @router.get("/model")
    async def model() -> dict[str, Any]:
        return asdict(await status())

    @router.post("/model")
    async def connect_model(form: ModelForm) -> dict[str, Any]:
        key = form.api_key.get_secret_value()
        try:
            await probe(form.base_url, key, form.model)
        except LLMError as error:
            raise Problem(422, plain_sentence(error), code=f"model.{error.kind}") from None
        names = {"LLM_BASE_URL": form.base_url, "LLM_API_KEY": key, "LLM_MODEL": form.model}
        _write(env_file, {name: value or None for name, value in names.items()})
        return {"model": form.model, "next": "restart"}

    @router.post("/connect")
    async def connect(form: TokenForm) -> dict[str, Any]:
        token = form.token.get_secret_value()
        if not _TOKEN.fullmatch(token):
            detail = "This is no bot token: it looks like 123456789:AbC… and comes from @BotFather."
            raise Problem(422, detail, code="telegram.form", field="token")
        account = await _get_me(token, telegram_api)
        _write(env_file, {"BOT_TOKEN": token})
        found = await status()
        return {
            "name": account["first_name"],
            "username": account["username"],
            "needs_model": found.mode == "rehearsal",
            "next": "restart",
        }

    return router


async def _get_me(token: str, base: str | None) -> dict[str, Any]:
    from aiogram.client.telegram import PRODUCTION, TelegramAPIServer

    server = TelegramAPIServer.from_base(base) if base else PRODUCTION
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(server.api_url(token, "getMe")) as response,
        ):
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError, UnicodeDecodeError):
        # The error's own text holds the address, and the address holds the token.
        detail = "Telegram cannot be reached from here; check the network and try again."
        raise Problem(502, detail, code="telegram.unreachable") from None
    result = answer.get("result") if isinstance(answer, dict) else None
    if isinstance(result, dict) and result.get("is_bot"):
        return {"first_name": str(result.get("first_name", "")), "username": str(result.get("username", ""))}
    if isinstance(answer, dict) and answer.get("error_code") in (401, 404):
        detail = "Telegram does not know this token: copy it again from @BotFather."
        raise Problem(422, detail, code="telegram.refused", field="token")
    raise Problem(502, "Telegram gave an answer that is none; try again.", code="telegram.unreachable")


def _write(env_file: str | os.PathLike[str], values: dict[str, str | None]) -> None:
    try:
        update_env(env_file, values)
    except Invalid as error:
        name = str(error.params.get("field", ""))
        raise Problem(422, f"{name} cannot be written to .env like this.", code="env.value") from None
    except (OSError, UnicodeDecodeError):
        detail = (
            f"{Path(env_file).name} cannot be written in the bot's folder; put the setting there by hand."
        )
        raise Problem(500, detail, code="env.write") from None
