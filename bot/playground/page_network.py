"""The page API's third part: ways to updates, privacy, limits, faults."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import Field

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.faults import Fault, Kind
from bot.playground.emulator.methods.updates import webhook_info
from bot.playground.emulator.schema import shapes
from bot.playground.page_doing import PageBody
from bot.playground.records import BotAccount
from bot.playground.store import Json

Usual = Literal["429", "403", "502", "reset_before", "reset_after", "garbage", "hang"]
BLOCKED = "Forbidden: bot was blocked by the user"


class NewFault(PageBody):
    """A fault to order, as `Fault` and `Faults.add` describe it."""

    method: str
    kind: Kind
    accepted: bool = False
    status: int = 200
    body: str = ""
    seconds: float = 0.0
    chat_id: int | None = None
    times: int | None = 1


class UsualFault(PageBody):
    """One of the faults that happen at Telegram; `seconds` are those to wait (429) or of silence (hang)."""

    what: Usual
    method: str = "*"
    seconds: int = Field(5, ge=1, le=3600)
    chat_id: int | None = None
    times: int | None = Field(1, ge=1, le=10_000)


class NewLimits(PageBody):
    """Telegram's sending limits on or off."""

    enabled: bool


class NewPrivacy(PageBody):
    """Whether the bot sees only what is addressed to it in groups."""

    enabled: bool


def add_network_routes(router: APIRouter, emu: Emulator) -> None:
    """Faults, limits, and the bots' ways to their updates."""

    @router.get("/network")
    async def network() -> Json:
        return {
            "bots": [_way(emu, bot) for bot in emu.world.bots.values()],
            "faults": [rule.json() for rule in emu.faults.rules],
            "limits": emu.limits.enabled,
        }

    @router.post("/faults", status_code=201)
    async def order_fault(new: NewFault) -> None:
        fault = Fault(new.kind, new.accepted, new.status, new.body, new.seconds)
        emu.faults.add(new.method, fault, chat_id=new.chat_id, times=new.times)
        emu.events.emit("network")

    @router.post("/faults/usual", status_code=201)
    async def order_usual(new: UsualFault) -> None:
        if new.method != "*" and new.method.lower() not in shapes():
            raise HTTPException(422, f"the Bot API has no method {new.method}")
        rule = emu.faults.add(new.method, usual(new.what, new.seconds), chat_id=new.chat_id, times=new.times)
        rule.name = new.what
        emu.events.emit("network")

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        emu.faults.clear()
        emu.events.emit("network")

    @router.delete("/faults/{number}", status_code=204)
    async def clear_fault(number: int) -> None:
        emu.faults.rules = [rule for rule in emu.faults.rules if rule.number != number]
        emu.events.emit("network")

    @router.put("/limits", status_code=204)
    async def limits(new: NewLimits) -> None:
        emu.limits.enabled = new.enabled
        emu.events.emit("network")

    @router.put("/bots/{bot_id}/privacy", status_code=204)
    async def privacy(bot_id: int, new: NewPrivacy) -> None:
        if bot_id not in emu.world.bots:
            raise HTTPException(404, "there is no such bot")
        await emu.set_privacy(bot_id, new.enabled)


def usual(what: Usual, seconds: int) -> Fault:
    """The fault of that name; `seconds` count for "429" and "hang"."""
    match what:
        case "429":
            return Fault.too_many(seconds)
        case "403":
            return Fault.refusal(403, BLOCKED)
        case "502":
            return Fault.page()
        case "garbage":
            return Fault.garbage()
        case "hang":
            return Fault.hang(seconds)
        case _:
            return Fault.reset(accepted=what == "reset_after")


def _way(emu: Emulator, bot: BotAccount) -> Json:
    queue = emu.queue(bot.id)
    return {
        "id": bot.id,
        "name": bot.first_name,
        "username": bot.username,
        "privacy": bot.privacy,
        "polling": queue.waiting,
        "last_poll": queue.last_poll,
        "webhook": webhook_info(emu, bot),
    }
