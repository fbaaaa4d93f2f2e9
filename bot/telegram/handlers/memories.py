"""What the bot remembers about the asker, page by page, with delete and undo."""

from __future__ import annotations

from aiogram.types import InlineKeyboardMarkup

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef, Person
from bot.core.text import one_line
from bot.telegram.desk import Ask, Desk
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import memory_buttons, private_chat_button
from bot.telegram.ports import MemoryPage

_FACT_LIMIT = 500


async def memories(ask: Ask, desk: Desk) -> None:
    """Show the first page; from a group the list goes to the private chat."""
    text, keyboard = await page_view(ask.t, ask.person, 0, desk)
    if ask.chat.private:
        return await ask.replier.send(text, keyboard)
    private = ChatRef(external_id=ask.person.external_id, type="private")
    try:
        await desk.replier(f"{ask.key}:private", private).send(text, keyboard)
    except DeliveryError as error:
        if error.retry_after is not None:
            raise
        way = private_chat_button(ask.t, desk.identity.username, "memories")
        return await ask.replier.send(ask.t("I may not write to you privately yet. Press Start there."), way)
    return await ask.replier.send(ask.t("I have sent it to you privately."))


async def page_view(
    t: Translator, person: Person, number: int, desk: Desk, deleted_id: int | None = None
) -> tuple[str, InlineKeyboardMarkup | None]:
    """A page of the person's memories as text and buttons."""
    page = await desk.memories.page(person, number)
    return _page_text(t, page), memory_buttons(t, int(person.external_id), page, deleted_id)


def _page_text(t: Translator, page: MemoryPage) -> str:
    if not page.total:
        return t("I remember nothing about you yet. Tell me something worth remembering.")
    head = t.n("I remember {count} thing about you:", "I remember {count} things about you:", page.total)
    lines = [head, ""]
    for number, item in enumerate(page.items, start=1):
        marks = ("📌 " if item.pinned else "") + ("🔒 " if item.private else "")
        lines.append(f"{number}. {marks}{one_line(item.text, _FACT_LIMIT)} ({item.said_at:%Y-%m-%d})")
    if page.pages > 1:
        lines += ["", t("Page {page} of {pages}", page=page.page + 1, pages=page.pages)]
    return "\n".join(lines)
