"""/conversations: what was talked here, to open again, to name, to archive and to delete."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.types import InlineKeyboardMarkup

from bot.core.messages import ChatRef, Person
from bot.core.text import one_line
from bot.services.conversations import ConversationItem, ConversationPage
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import Press, button_rows, owner_of
from bot.telegram.render import Part
from bot.telegram.rights import is_admin

TALK = "talk"
"""What is asked for while a conversation's new title is awaited."""

View = tuple[str, InlineKeyboardMarkup | None]

_SHORT, _LONG = 48, 200


async def conversations(ask: Ask, desk: Desk) -> None:
    """Show the first page, or what has to do with the words behind the command."""
    if not await is_admin(desk, ask.chat, ask.person):
        return await ask.replier.send(ask.t("In groups only admins can do that."))
    if ask.rest:
        page = await desk.conversations.find(ask.chat, ask.person, ask.rest)
        text, keyboard = _found_view(ask.t, ask.person, ask.rest, page)
    else:
        text, keyboard = await _list_view(ask.t, ask.chat, ask.person, 0, desk)
    return await ask.replier.send(text, keyboard)


async def turn_talks(pressed: Pressed, desk: Desk) -> Answer:
    """Show a page of the list."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    await desk.awaiting.forget(pressed.person)
    view = await _list_view(pressed.t, pressed.chat, pressed.person, pressed.press.ids[0], desk)
    return await _show(pressed, desk, view)


async def show_talk(pressed: Pressed, desk: Desk) -> Answer:
    """Show one conversation with what can be done with it."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    await desk.awaiting.forget(pressed.person)
    no, page = pressed.press.ids
    return await _card(pressed, desk, await desk.conversations.get(pressed.chat, pressed.person, no), page)


async def open_talk(pressed: Pressed, desk: Desk) -> Answer:
    """Go on with a conversation."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    no, page = pressed.press.ids
    item = await desk.conversations.open(pressed.chat, pressed.person, no)
    done = pressed.t("We go on there; the conversation before is archived.")
    return await _card(pressed, desk, item, page, done)


async def archive_talk(pressed: Pressed, desk: Desk) -> Answer:
    """End a conversation."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    no, page = pressed.press.ids
    item = await desk.conversations.archive(pressed.chat, pressed.person, no)
    return await _card(pressed, desk, item, page, pressed.t("Archived. Your next message begins a new one."))


async def name_talk(pressed: Pressed, desk: Desk) -> Answer:
    """Ask for a title."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    no, page = pressed.press.ids
    item = await desk.conversations.get(pressed.chat, pressed.person, no)
    if item is None:
        return await _card(pressed, desk, None, page)
    await desk.awaiting.ask(pressed.person, pressed.chat, f"{TALK}:{no}")
    if pressed.chat.private:
        text = pressed.t("Write the new title of «{title}».", title=_title(pressed.t, item))
    else:
        text = pressed.t("Reply to this with the new title of «{title}».", title=_title(pressed.t, item))
    cancel = (pressed.t("✖️ Leave it"), Press("talk", owner_of(pressed.person), (no, page)))
    return await _show(pressed, desk, (text, button_rows([[cancel]])))


async def ask_delete_talk(pressed: Pressed, desk: Desk) -> Answer:
    """Ask once more."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    no, page = pressed.press.ids
    item = await desk.conversations.get(pressed.chat, pressed.person, no)
    if item is None:
        return await _card(pressed, desk, None, page)
    t, owner = pressed.t, owner_of(pressed.person)
    text = t(
        "Delete «{title}»? I will not see it any more, and after a while nothing is left of it.",
        title=_title(t, item),
    )
    yes, no_ = Press("talkgone", owner, (no, page)), Press("talk", owner, (no, page))
    return await _show(pressed, desk, (text, button_rows([[(t("🗑 Delete"), yes), (t("✖️ Leave it"), no_)]])))


async def delete_talk(pressed: Pressed, desk: Desk) -> Answer:
    """Delete it, and show the list again."""
    if (refused := await _refused(pressed, desk)) is not None:
        return refused
    no, page = pressed.press.ids
    item = await desk.conversations.delete(pressed.chat, pressed.person, no)
    await _show(pressed, desk, await _list_view(pressed.t, pressed.chat, pressed.person, page, desk))
    if item is None:
        return Answer(pressed.t("This conversation is gone already."))
    return Answer(pressed.t("Deleted: {title}", title=_title(pressed.t, item)))


async def renamed(chat: ChatRef, person: Person, number: str, title: str, t: Translator, desk: Desk) -> View:
    """Take a title that somebody wrote; the conversation's card, or that it is gone."""
    no = int(number) if number.isdecimal() else 0
    item = await desk.conversations.rename(chat, person, no, title)
    return (t("This conversation is gone already."), None) if item is None else _view(t, person, item, 0)


async def _refused(pressed: Pressed, desk: Desk) -> Answer | None:
    """A group's conversations are its admins' to decide about, also of those who were one before."""
    if await is_admin(desk, pressed.chat, pressed.person):
        return None
    return Answer(pressed.t("In groups only admins can do that."), alert=True)


async def _card(
    pressed: Pressed, desk: Desk, item: ConversationItem | None, page: int, done: str = ""
) -> Answer:
    if item is None:
        await _show(pressed, desk, await _list_view(pressed.t, pressed.chat, pressed.person, page, desk))
        return Answer(pressed.t("This conversation is gone already."), alert=True)
    await _show(pressed, desk, _view(pressed.t, pressed.person, item, page))
    return Answer(done)


async def _show(pressed: Pressed, desk: Desk, view: View) -> Answer:
    await desk.writer(pressed.chat).edit(pressed.message.message_id, Part(view[0]), view[1])
    return Answer()


async def _list_view(t: Translator, chat: ChatRef, person: Person, number: int, desk: Desk) -> View:
    page = await desk.conversations.page(chat, person, number)
    if not page.total:
        return t("There is no conversation here yet. Just write to me."), None
    head = t.n("{count} conversation here:", "{count} conversations here:", page.total)
    lines = [head, "", *_lines(t, page.items)]
    if page.pages > 1:
        lines += ["", t("Page {page} of {pages}", page=page.page + 1, pages=page.pages)]
    owner = owner_of(person)
    ways = [("‹", page.page - 1), ("›", page.page + 1)]
    turning = [(sign, Press("talks", owner, (n,))) for sign, n in ways if 0 <= n < page.pages]
    return "\n".join(lines), button_rows([_numbers(page, owner), turning])


def _found_view(t: Translator, person: Person, words: str, page: ConversationPage) -> View:
    shown = one_line(words, 60)
    if not page.total:
        return t("No conversation here is about «{words}». /conversations shows all.", words=shown), None
    head = t.n(
        "{count} conversation about «{words}»:", "{count} conversations about «{words}»:", page.total,
        words=shown,
    )  # fmt: skip
    lines = [head, "", *_lines(t, page.items)]
    if page.total > len(page.items):
        lines += ["", t("There is more: add a word to see less.")]
    return "\n".join(lines), button_rows([_numbers(page, owner_of(person), at=0)])


def _numbers(page: ConversationPage, owner: int, at: int | None = None) -> list[tuple[str, Press]]:
    back = page.page if at is None else at
    return [(str(n), Press("talk", owner, (item.no, back))) for n, item in enumerate(page.items, start=1)]


def _lines(t: Translator, items: Sequence[ConversationItem]) -> list[str]:
    return [
        f"{n}. {'▶️ ' if item.active else ''}{_title(t, item, _SHORT)} · {_count(t, item)}"
        for n, item in enumerate(items, start=1)
    ]


def _count(t: Translator, item: ConversationItem) -> str:
    said = t.n("{count} message", "{count} messages", item.message_count)
    return f"{said}, {item.last_at:%Y-%m-%d}"


def _title(t: Translator, item: ConversationItem, limit: int = _LONG) -> str:
    return one_line(item.title, limit) if item.title else t("Untitled")


def _view(t: Translator, person: Person, item: ConversationItem, page: int) -> View:
    at, owner = (item.no, page), owner_of(person)
    if item.active:
        state = t("▶️ We are in it now.")
    elif item.cleared:
        state = t("🧹 Cleared: I do not look into it by myself until you open it again.")
    else:
        state = t("📦 Archived: I can still find what was said there.")
    go = (t("📦 Archive"), Press("talkend", owner, at)) if item.active else (
        t("▶️ Open"), Press("talkopen", owner, at)
    )  # fmt: skip
    rows = [
        [go, (t("✏️ Rename"), Press("talkname", owner, at))],
        [(t("🗑 Delete"), Press("talkdel", owner, at)), (t("‹ Back"), Press("talks", owner, (page,)))],
    ]
    return f"{_title(t, item)}\n{_count(t, item)}\n\n{state}", button_rows(rows)
