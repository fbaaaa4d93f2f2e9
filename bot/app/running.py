"""mnema run with a token: the bot at Telegram."""

from __future__ import annotations

import asyncio
import sys

from bot.api.listening import Listening
from bot.api.mount import api_routers, mount
from bot.api.services import Services
from bot.app.api import closed_by, offered_models, serve_api
from bot.app.modelcheck import warn_about_model
from bot.app.receiving import Receiving
from bot.app.serving import serve_all
from bot.app.telegram import attach_telegram
from bot.app.together import stop_on_signals, together
from bot.app.wiring import App, build_app
from bot.core.errors import ConfigError
from bot.settings import Settings
from bot.telegram.face import TelegramFace
from bot.web.app import make_web

GRACE = 8.0
"""Seconds that running jobs get at the end; what is not finished then goes on at the next start."""


async def run_bot(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Run the bot until SIGTERM or `stop`. Raises ConfigError for settings that cannot work."""
    stop = stop or asyncio.Event()
    if settings.bot_token is None:
        raise ConfigError("BOT_TOKEN is not set.")
    app = build_app(settings)
    closed, services, listening = closed_by(settings), Services(), Listening()
    face = attach_telegram(app, settings.bot_token.get_secret_value(), settings.telegram_api_url)
    updates = Receiving(settings, face)
    with stop_on_signals(stop):
        try:
            await app.open()
            await serve_api(app, services, listening, closed=closed, models=offered_models(settings))
            await face.start(stop)
            await app.work()
            app.nursery.start(warn_about_model(settings), "look at the model's endpoint")
            greeting = await _greeting(app)
            hosts = ["*"] if settings.http_host not in LOOPBACK else updates.hosts
            web = make_web(
                [*updates.routers, *api_routers()],
                allowed_hosts=hosts,
                cors_origins=settings.cors_origins,
                readiness=app.condition,
            )
            mount(web, services)

            def started(_host: str, _port: int) -> None:
                updates.web_is_open()
                say(greeting)

            await together(
                stop,
                *serve_all(web, settings, stop, started=started, stopping=listening.release),
                updates.run(stop),
            )
        finally:
            await shut(app, face)


LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def shut(app: App, face: TelegramFace | None) -> None:
    """Drain and close everything."""
    await app.close(GRACE)
    if face is not None:
        await face.close()


async def _greeting(app: App) -> str:
    name = app.identity.username
    lines = [f"@{name} is running. Stop it with Ctrl+C."]
    code = await app.access.claim_code()
    if code is not None and app.settings.access != "open":
        link = f"https://t.me/{name}?start={code}"
        lines.append(f"Nobody owns this bot yet. Open this link once to make it yours: {link}")
    return "\n".join(lines)


def say(text: str) -> None:
    """A line for the person who started the program."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
