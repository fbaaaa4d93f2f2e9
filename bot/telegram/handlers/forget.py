"""/forget: what a topic would take is shown first; nothing goes without a press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiogram.types import InlineKeyboardMarkup, Message

from bot.core.text import one_line
from bot.services.memory_items import MemoryItem
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.memory_buttons import set_buttons
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import Action, Press, button_rows, owner_of, presses
from bot.telegram.privately import send_privately
from bot.telegram.render import Part

MOST = 10
"""Facts of one preview: what is pressed away is exactly what was shown."""

_IN_A_ROW, _FACT_LIMIT = 5, 300


async def forget(ask: Ask, desk: Desk) -> None:
    """Show what a topic names; facts are nobody else's business, so in private."""
    topic = one_line(ask.rest, 60)
    if not topic:
        text = ask.t(
            "Write what to forget: /forget work. I show you first what that is. /memories lists everything."
        )
        return await ask.replier.send(text)
    items = await desk.memories.matching(ask.person, ask.rest)
    if not items:
        nothing = ask.t("I remember nothing about «{words}». /memories shows everything.", words=topic)
        return await send_privately(ask, desk, nothing, None, "memories")
    t, shown, owner = ask.t, items[:MOST], owner_of(ask.person)
    head = t.n("{count} thing about «{words}»:", "{count} things about «{words}»:", len(items), words=topic)
    lines = [head, "", *_lines(shown)]
    if len(items) > MOST:
        lines += ["", t("These are the closest ones. Ask again for the others.")]
    keyboard = _buttons(t, owner, [Press("forget", owner, (item.id,)) for item in shown])
    return await send_privately(ask, desk, "\n".join(lines), keyboard, "memories")


def _lines(items: Sequence[MemoryItem]) -> list[str]:
    return [f"{n}. {one_line(item.text, _FACT_LIMIT)}" for n, item in enumerate(items, start=1)]


def _buttons(t: Translator, owner: int, each: Sequence[Press]) -> InlineKeyboardMarkup | None:
    """A button for each fact, in the order of the list: to forget it, or to bring it back."""
    signs = {"forget": "🗑", "unforget": "↩️"}
    single = [(f"{signs[press.action]} {n}", press) for n, press in enumerate(each, start=1)]
    rows = [single[at : at + _IN_A_ROW] for at in range(0, len(single), _IN_A_ROW)]
    left = sum(press.action == "forget" for press in each)
    if left > 1:
        rows.append([(t.n("🗑 Forget {count}", "🗑 Forget all {count}", left), Press("all", owner))])
    if left == len(each):
        rows.append([(t("✖️ Cancel"), Press("cancel", owner))])
    return button_rows(rows)


async def forget_one(pressed: Pressed, desk: Desk) -> Answer:
    """Forget one of the list, or bring it back."""
    t, memory_id = pressed.t, pressed.press.ids[0]
    if pressed.press.action == "forget":
        item = await desk.memories.delete(pressed.person, memory_id)
        told = t("Forgotten: {text}", text=item.text) if item else t("That is forgotten already.")
        await _turn(pressed, {memory_id}, forgotten=True)
        return Answer(told)
    item = await desk.memories.restore(pressed.person, memory_id)
    if item is None:
        return Answer(t("It cannot be brought back any more."), alert=True)
    await _turn(pressed, {memory_id}, forgotten=False)
    return Answer(t("Remembered again: {text}", text=item.text))


async def forget_all(pressed: Pressed, desk: Desk) -> Answer:
    """Forget all that is still there of the list."""
    if not isinstance(pressed.message, Message):
        return Answer(pressed.t("This button is from an older version. Please ask again."), alert=True)
    ids = [press.ids[0] for press in presses(pressed.message.reply_markup, "forget")]
    gone = await desk.memories.forget_many(pressed.person, ids)
    await _turn(pressed, set(ids), forgotten=True)
    return Answer(pressed.t.n("Forgotten: {count} thing.", "Forgotten: {count} things.", len(gone)))


async def cancel(pressed: Pressed, desk: Desk) -> Answer:
    """Forget nothing."""
    text = Part(pressed.t("I have forgotten nothing."))
    await desk.writer(pressed.chat).edit(pressed.message.message_id, text)
    return Answer()


async def _turn(pressed: Pressed, ids: set[int], *, forgotten: bool) -> None:
    if not isinstance(pressed.message, Message):
        return
    new = []
    for press in presses(pressed.message.reply_markup, "forget", "unforget"):
        turned: Action = "unforget" if forgotten else "forget"
        new.append(replace(press, action=turned) if press.ids[0] in ids else press)
    await set_buttons(pressed.message, _buttons(pressed.t, pressed.press.owner, new))
