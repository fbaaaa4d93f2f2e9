"""The doctor at Telegram: token, privacy mode, how updates come in, and the clock."""

from __future__ import annotations

import asyncio
import email.utils
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.app.doctor.check import Check, failed, ok, skipped, warning
from bot.core.ports import Clock
from bot.settings import Settings

_OFFICIAL = "https://api.telegram.org"
_SECONDS = 10.0
_SLOW_CLOCK, _WRONG_CLOCK = 30.0, 300.0
_RECENT = 3600.0
_MANY = 100


async def look_at_telegram(settings: Settings, clock: Clock) -> list[Check]:
    """What Telegram says about the bot."""
    if settings.bot_token is None:
        return [skipped("Telegram", "BOT_TOKEN is not set: the bot runs in the playground")]
    base = (settings.telegram_api_url or _OFFICIAL).rstrip("/")
    address = f"{base}/bot{settings.bot_token.get_secret_value()}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:
        try:
            status, me, date = await _ask(session, f"{address}/getMe")
            hook = (await _ask(session, f"{address}/getWebhookInfo"))[1] if status == 200 else {}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return [_out_of_reach(base, settings.telegram_api_url is not None, error)]
    if status in (401, 404):
        advice = "copy the token from @BotFather again into BOT_TOKEN"
        return [failed("Telegram", "Telegram does not know BOT_TOKEN", advice)]
    if status != 200:
        return [failed("Telegram", f"Telegram answered with HTTP {status}", "try again in a few minutes")]
    return [
        ok("Telegram", f"@{me.get('username')} is known to Telegram"),
        _privacy(me),
        *_updates(hook, settings, clock),
        *_clock(date, clock),
    ]


async def _ask(session: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any], str | None]:
    async with session.get(url) as response:
        date = response.headers.get("Date")
        if response.status != 200:
            return response.status, {}, date
        answer = await response.json(content_type=None)
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict):
            raise ValueError("no answer of the Bot API")
        return 200, result, date


def _out_of_reach(base: str, own: bool, error: Exception) -> Check:
    advice = "check TELEGRAM_API_URL" if own else "check the network and any firewall"
    host = urlsplit(base).netloc.rpartition("@")[2]
    what = "does not answer" if isinstance(error, asyncio.TimeoutError) else "cannot be reached"
    if isinstance(error, ValueError):
        what = "answers with something that is not the Bot API"
    return failed("Telegram", f"{host} {what}", advice)


def _privacy(me: dict[str, Any]) -> Check:
    if me.get("can_read_all_group_messages"):
        return ok("Groups", "privacy mode is off: the bot reads whole groups")
    return warning(
        "Groups",
        "privacy mode is on: in groups the bot sees only commands, replies and mentions",
        "to let it remember whole groups, turn privacy off at @BotFather (/setprivacy) and add the bot anew",
    )


def _updates(hook: dict[str, Any], settings: Settings, clock: Clock) -> list[Check]:
    pending = int(hook.get("pending_update_count") or 0)
    checks = [_way(str(hook.get("url") or ""), settings)]
    if pending >= _MANY:
        advice = "start the bot; if it runs, its log says why it does not take them"
        checks.append(warning("Waiting updates", f"{pending} updates wait at Telegram", advice))
    else:
        checks.append(ok("Waiting updates", f"{pending} updates wait at Telegram"))
    when, what = hook.get("last_error_date"), hook.get("last_error_message")
    if isinstance(when, int) and clock.now().timestamp() - when < _RECENT:
        moment = f"{datetime.fromtimestamp(when, UTC):%H:%M} UTC"
        found = f"Telegram could not deliver an update at {moment}: {what}"
        checks.append(
            warning("Webhook errors", found, "check that WEBHOOK_URL leads to this bot from outside")
        )
    return checks


def _way(url: str, settings: Settings) -> Check:
    host = urlsplit(url).netloc.rpartition("@")[2]
    if settings.webhook_url is None:
        if not url:
            return ok("Updates", "by long polling; no webhook is set")
        found = f"a webhook to {host} is set at Telegram, but WEBHOOK_URL is not"
        return warning("Updates", found, "the start of the bot removes it; stop whatever set it")
    if url == settings.webhook_url:
        return ok("Updates", f"by webhook to {host}")
    found = f"Telegram posts updates to {host}" if url else "Telegram has no webhook yet"
    return warning("Updates", found, "the start of the bot sets WEBHOOK_URL")


def _clock(date: str | None, clock: Clock) -> list[Check]:
    try:
        told = email.utils.parsedate_to_datetime(date or "")
    except ValueError:
        return []
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    off = (clock.now() - told).total_seconds()
    far = f"{abs(off):.0f} s" if abs(off) < _WRONG_CLOCK else f"{abs(off) / 60:.0f} min"
    found = f"this machine's clock is {far} {'ahead' if off > 0 else 'behind'}"
    advice = "let the machine set its clock by NTP"
    if abs(off) >= _WRONG_CLOCK:
        return [failed("Clock", found, advice)]
    return [warning("Clock", found, advice) if abs(off) >= _SLOW_CLOCK else ok("Clock", "is right")]
