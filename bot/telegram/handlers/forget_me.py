"""Forgetting somebody altogether: asked once, then done, with a receipt."""

from __future__ import annotations

from bot.core.errors import NotFound
from bot.services.erasure import Receipt
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import forget_buttons, owner_of
from bot.telegram.privately import send_privately
from bot.telegram.render import Part


async def forget_me(ask: Ask, desk: Desk) -> None:
    """Ask once, in private."""
    t = ask.t
    text = t(
        "Shall I forget you altogether? What you wrote to me and in groups, my answers to you, what I "
        "remember about you, your documents, bookings and settings are deleted at once and for good. What "
        "others wrote stays. /export gives you a copy first."
    )
    await send_privately(ask, desk, text, forget_buttons(t, owner_of(ask.person)), "forget_me")


async def settle_forgetting(pressed: Pressed, desk: Desk) -> Answer:
    """Do what was decided, and show the receipt in place of the question."""
    t, writer = pressed.t, desk.writer(pressed.chat)
    if not pressed.press.ids[0] or desk.own_data is None:
        await writer.edit(pressed.message.message_id, Part(t("Nothing was deleted.")))
        return Answer()
    await desk.turns.stop(pressed.chat, pressed.person)
    try:
        receipt = await desk.own_data.erasure.erase(pressed.person)
    except NotFound:
        await writer.edit(pressed.message.message_id, Part(t("I know nothing about you.")))
        return Answer()
    await writer.edit(pressed.message.message_id, Part(receipt_text(t, receipt)))
    return Answer(t("Done."))


def receipt_text(t: Translator, receipt: Receipt) -> str:
    """What was removed, and what still holds it for a while."""
    count = {kind: number for kind, number in receipt.removed.items() if number}
    named = {
        "messages": t("your messages"),
        "replies": t("my answers to you"),
        "facts": t("facts about you"),
        "states": t("unfinished matters"),
        "bookings": t("bookings"),
        "documents": t("documents"),
        "conversations": t("conversations"),
        "summaries": t("summaries"),
        "keys": t("API keys"),
    }
    lines = [t("🗑 I have forgotten you. Deleted:"), ""]
    lines += [f"• {name}: {count[kind]}" for kind, name in named.items() if kind in count]
    lines.append("")
    ends = receipt.last_backup_ends
    if ends is None:
        lines.append(t("No backup holds anything of it."))
    else:
        lines.append(t("Backups still hold it; the last of them ends on {day}:", day=f"{ends:%Y-%m-%d}"))
        lines += [f"• {backup.name} ({backup.ends:%Y-%m-%d})" for backup in receipt.backups]
    lines += ["", t("If you write to me again, we begin anew.")]
    return "\n".join(lines)
