"""Methods that fetch updates or have them sent, and files."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from bot.playground.emulator.call import Call, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ApiError, bad_request
from bot.playground.emulator.files import MAX_DOWNLOAD
from bot.playground.records import BotAccount
from bot.playground.store import Json

MAX_POLL_SECONDS = 50
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@method("getUpdates")
async def get_updates(emu: Emulator, call: Call) -> list[Json]:
    """Long poll."""
    if call.bot.webhook:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    if "allowed_updates" in call.params:
        bot = emu.world.bots[call.bot.id]
        emu.world.put(replace(bot, allowed_updates=call.get("allowed_updates")))
    queue = emu.queue(call.bot.id)
    queue.confirm(call.get("offset", 0))
    await emu.commit()
    limit = min(max(call.get("limit", 100), 1), 100)
    return await queue.poll(limit, min(max(call.get("timeout", 0), 0), MAX_POLL_SECONDS))


@method("setWebhook")
async def set_webhook(emu: Emulator, call: Call) -> bool:
    """Have updates posted to an address; https, or http on this machine."""
    url = str(call.get("url", ""))
    if not url:
        _end_webhook(emu, call)
        return True
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not _SECRET.fullmatch(call.get("secret_token", "")):
        raise bad_request("secret token contains unallowed characters")
    if call.get("drop_pending_updates"):
        emu.queue(call.bot.id).clear()
    webhook = {"url": url, "secret_token": call.get("secret_token", "")}
    webhook["max_connections"] = call.get("max_connections", 40)
    bot = emu.world.bots[call.bot.id]
    allowed = call.get("allowed_updates", bot.allowed_updates)
    emu.world.put(replace(bot, webhook=webhook, allowed_updates=allowed))
    emu.webhook_changed(bot.id)
    return True


@method("deleteWebhook")
async def delete_webhook(emu: Emulator, call: Call) -> bool:
    """Back to getUpdates."""
    _end_webhook(emu, call)
    return True


def _end_webhook(emu: Emulator, call: Call) -> None:
    if call.get("drop_pending_updates"):
        emu.queue(call.bot.id).clear()
    emu.world.put(replace(emu.world.bots[call.bot.id], webhook=None))
    emu.webhook_changed(call.bot.id)


@method("getWebhookInfo")
async def get_webhook_info(emu: Emulator, call: Call) -> Json:
    """Address, backlog, last error."""
    return webhook_info(emu, call.bot)


def webhook_info(emu: Emulator, bot: BotAccount) -> Json:
    """A WebhookInfo; its url is empty while the bot polls."""
    webhook = bot.webhook or {}
    shown = {name: value for name, value in webhook.items() if name != "secret_token"}
    info: Json = {"url": "", "has_custom_certificate": False} | shown
    info["pending_update_count"] = len(emu.queue(bot.id).pending())
    if bot.allowed_updates:
        info["allowed_updates"] = bot.allowed_updates
    return info


@method("getFile")
async def get_file(emu: Emulator, call: Call) -> Json:
    """A file's path for the download."""
    file = emu.world.files.get(call.get("file_id", ""))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }
