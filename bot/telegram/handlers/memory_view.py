"""What is remembered about a person as they see it: the list, a card of one fact, what waits, the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiogram.types import InlineKeyboardMarkup

from bot.core.messages import Person
from bot.core.text import one_line
from bot.services.memory_items import MemoryCard, MemoryItem, MemoryPage
from bot.telegram.desk import Desk
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import Press, button_rows, owner_of
from bot.telegram.lines import Lines
from bot.telegram.render import Part

View = tuple[Part, InlineKeyboardMarkup | None]

FOUND = 10
"""Facts that a search of one's own memory shows."""

_FACT_LIMIT, _QUOTE_LIMIT = 500, 200
_SOURCES, _FORMER = 3, 5


async def list_view(
    t: Translator, person: Person, number: int, desk: Desk, undo: Press | None = None
) -> View:
    """A page of the person's memories; `undo` is how to take the last change back."""
    page, owner = await desk.memories.page(person, number), owner_of(person)
    archived = (await desk.memories.page(person, 0, archived=True)).total
    waiting = len(await desk.memories.proposals(person))
    numbered = list(enumerate(page.items, start=1))
    more = [(t("🗄 Archive: {count}", count=archived), Press("archive", owner, (0,)))] if archived else []
    if waiting:
        more.append((t("🤔 To decide: {count}", count=waiting), Press("waiting", owner)))
    rows = [
        [(f"✏️ {n}", Press("card", owner, (item.id, page.page))) for n, item in numbered],
        [(f"🗑 {n}", Press("del", owner, (item.id, page.page))) for n, item in numbered],
        [(t("↩️ Undo"), undo)] if undo is not None else [],
        _ways(page, "page", owner),
        more,
    ]
    return Part(_list_text(t, page)), button_rows(rows)


def _list_text(t: Translator, page: MemoryPage) -> str:
    if not page.total:
        return t("I remember nothing about you yet. Tell me something worth remembering.")
    head = t.n("I remember {count} thing about you:", "I remember {count} things about you:", page.total)
    return "\n".join([head, "", *_items(page.items), *_page_line(t, page)])


def found_view(t: Translator, person: Person, words: str, page: MemoryPage) -> View:
    """What of it has to do with some words."""
    shown = one_line(words, 60)
    if not page.total:
        return Part(t("I remember nothing about «{words}». /memories shows everything.", words=shown)), None
    head = t.n("{count} thing about «{words}»:", "{count} things about «{words}»:", page.total, words=shown)
    cards = [
        (f"✏️ {n}", Press("card", owner_of(person), (item.id, 0))) for n, item in enumerate(page.items, 1)
    ]
    lines = [head, "", *_items(page.items)]
    if page.total > len(page.items):
        lines += ["", t("There is more: add a word to see less.")]
    return Part("\n".join(lines)), button_rows([cards[:5], cards[5:]])


async def archive_view(t: Translator, person: Person, number: int, desk: Desk) -> View:
    """What had to make room, each with the way back."""
    page, owner = await desk.memories.page(person, number, archived=True), owner_of(person)
    back = [(t("‹ Back"), Press("page", owner, (0,)))]
    if not page.total:
        return Part(t("The archive is empty.")), button_rows([back])
    head = t("These had to make room for others. I do not use them; ↩️ brings one back.")
    numbered = enumerate(page.items, start=1)
    restore = [(f"↩️ {n}", Press("unarchive", owner, (item.id, page.page))) for n, item in numbered]
    text = "\n".join([head, "", *_items(page.items), *_page_line(t, page)])
    return Part(text), button_rows([restore, _ways(page, "archive", owner), back])


async def waiting_view(t: Translator, person: Person, desk: Desk) -> View:
    """What I would remember if its owner said yes."""
    items, owner = (await desk.memories.proposals(person))[:5], owner_of(person)
    back = [(t("‹ Back"), Press("page", owner, (0,)))]
    if not items:
        return Part(t("There is nothing to decide.")), button_rows([back])
    numbered = list(enumerate(items, start=1))
    yes = [(f"✅ {n}", Press("yes", owner, (item.id,))) for n, item in numbered]
    no = [(f"✖️ {n}", Press("no", owner, (item.id,))) for n, item in numbered]
    return Part("\n".join([t("Shall I remember this?"), "", *_items(items)])), button_rows([yes, no, back])


async def card_view(
    t: Translator, person: Person, card: MemoryCard, page: int, desk: Desk, head: str = ""
) -> View:
    """One fact: where it holds, where it was said, what it was before, and all that can be done with it."""
    links = await desk.search.links([s.message_id for s in card.sources if s.message_id is not None])
    return _card_text(t, card, links, head), _card_buttons(t, owner_of(person), card, page)


def _card_text(t: Translator, card: MemoryCard, links: Mapping[int, str], head: str) -> Part:
    item, lines = card.item, Lines()
    if head:
        lines.add(head)
        lines.add()
    lines.add(_marked(item))
    lines.add()
    told = t("you told me") if item.origin == "explicit" else t("I concluded it from what you wrote")
    lines.add(f"{kind_name(t, item.kind)} · {item.said_at:%Y-%m-%d} · {told}")
    lines.add(_where(t, item))
    for source in card.sources[:_SOURCES]:
        if source.quote or source.said_at is not None:
            day = f" ({source.said_at:%Y-%m-%d})" if source.said_at is not None else ""
            quote = one_line(source.quote, _QUOTE_LIMIT)
            lines.add(t("Said: «{quote}»", quote=quote) + day, links.get(source.message_id or 0))
    for former in _former(card)[-_FORMER:]:
        until = f"{former.until:%Y-%m-%d}" if former.until is not None else "?"
        lines.add(t("Until {day}: {text}", day=until, text=one_line(former.text, _QUOTE_LIMIT)))
    return lines.part()


def _card_buttons(t: Translator, owner: int, card: MemoryCard, page: int) -> InlineKeyboardMarkup | None:
    item, former = card.item, _former(card)
    at = (item.id, page)
    pin = t("📌 Unpin") if item.pinned else t("📌 Pin")
    reach = t("🌍 Everywhere") if item.private or item.reach == "chat" else t("🔒 Not in groups")
    rows = [
        [
            (t("✏️ Edit"), Press("edit", owner, at)),
            (pin, Press("pin", owner, (*at, int(not item.pinned)))),
        ],
        [
            (reach, Press("reach", owner, (*at, int(item.private or item.reach == "chat")))),
            (t("❌ Wrong"), Press("wrong", owner, at)),
        ],
        [(t("↩️ As it was before"), Press("revert", owner, (former[-1].id, page)))] if former else [],
        [(t("🗑 Forget"), Press("del", owner, at)), (t("‹ Back"), Press("page", owner, (page,)))],
    ]
    return button_rows(rows)


def edit_view(t: Translator, person: Person, item: MemoryItem, page: int) -> View:
    """The question for other words."""
    text = t("Write it in other words, and I replace:\n\n{text}", text=one_line(item.text, _FACT_LIMIT))
    cancel = (t("✖️ Leave it"), Press("card", owner_of(person), (item.id, page)))
    return Part(text), button_rows([[cancel]])


def kind_name(t: Translator, kind: str) -> str:
    """What a fact is about."""
    names = {
        "name": t("Name"), "pronouns": t("Pronouns"), "language": t("Language"), "birthday": t("Birthday"),
        "home": t("Home"), "work": t("Work"), "family": t("Family and friends"), "diet": t("Diet"),
        "health": t("Health"), "contact": t("Contact"), "preference": t("Preference"), "plan": t("Plan"),
    }  # fmt: skip
    return names.get(kind) or t("Other")


def _where(t: Translator, item: MemoryItem) -> str:
    if item.private:
        return t("🔒 I use it only when we are alone.")
    return t("I use it in one group only.") if item.reach == "chat" else t("🌍 I use it in all our chats.")


def _former(card: MemoryCard) -> list[MemoryItem]:
    return [item for item in card.history if item.id != card.item.id and item.state == "past"]


def _items(items: Sequence[MemoryItem]) -> list[str]:
    return [f"{n}. {_marked(item)} ({item.said_at:%Y-%m-%d})" for n, item in enumerate(items, start=1)]


def _marked(item: MemoryItem) -> str:
    return ("📌 " if item.pinned else "") + ("🔒 " if item.private else "") + one_line(item.text, _FACT_LIMIT)


def _page_line(t: Translator, page: MemoryPage) -> list[str]:
    return ["", t("Page {page} of {pages}", page=page.page + 1, pages=page.pages)] if page.pages > 1 else []


def _ways(page: MemoryPage, action: str, owner: int) -> list[tuple[str, Press]]:
    ways = [("‹", page.page - 1), ("›", page.page + 1)]
    return [(sign, Press(action, owner, (n,))) for sign, n in ways if 0 <= n < page.pages]  # type: ignore[arg-type]
