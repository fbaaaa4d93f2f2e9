"""Documents: those that are sent, and the list of those that were read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from aiogram.types import InlineKeyboardMarkup, Message

from bot.core.errors import DeliveryError, NotFound
from bot.core.messages import AttachmentRef, ChatRef, Incoming, Person
from bot.core.text import one_line
from bot.services.document_owners import Whose, of_group, of_person
from bot.services.knowledge import DocumentPage
from bot.telegram.content import attachments_of
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import document_buttons
from bot.telegram.reading import worded
from bot.telegram.render import Part
from bot.telegram.rights import is_admin

_TITLE_LIMIT = 80


async def taken(message: Message, incoming: Incoming, desk: Desk, key: str) -> Incoming:
    """Let a document be read that the message brings or asks about; the message as the flow takes it.

    In groups only what is addressed to the bot is read. A document without a word is no question: it gets
    no other answer than that it was read.
    """
    if desk.documents is None or incoming.addressed is None:
        return incoming
    given = _given(message, desk)
    if given is None or await desk.access.decide(incoming.sender, incoming.chat) != "allowed":
        return incoming
    source, file = given
    sent = source is message
    word = await desk.documents.reading.look(incoming, file)
    reply_key = f"{key}:document"
    t = await desk.translator(incoming.sender)
    if sent or word.outcome == "reading":
        await _say(worded(word, t), incoming, message, desk, reply_key)
    if word.outcome == "reading":
        await desk.documents.reading.take(incoming, file, str(source.message_id), reply_key, t.language)
    return incoming if not sent or incoming.text.strip() else replace(incoming, addressed=None)


def _given(message: Message, desk: Desk) -> tuple[Message, AttachmentRef] | None:
    """The document of the message, or of the one that it replies to, unless the bot itself sent that."""
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == desk.bot.id:
        replied = None
    for source in (message, replied):
        files = attachments_of(source) if source is not None and source.document is not None else ()
        if source is not None and files and files[0].kind == "document":
            return source, files[0]
    return None


async def _say(text: str, incoming: Incoming, message: Message, desk: Desk, key: str) -> None:
    try:
        await desk.replier(key, incoming.chat, str(message.message_id)).send(text)
    except DeliveryError as error:
        if error.retry_after is not None:
            raise
        # Who cannot be told may still be read: what comes of it shows later.


async def documents(ask: Ask, desk: Desk) -> None:
    """Show the first page: in private one's own documents, in a group the group's."""
    text, keyboard = await _view(ask.t, ask.chat, ask.person, 0, desk)
    await ask.replier.send(text, keyboard)


async def turn_page(pressed: Pressed, desk: Desk) -> Answer:
    """Show another page."""
    await _show(pressed, desk, pressed.press.ids[0])
    return Answer()


async def delete_document(pressed: Pressed, desk: Desk) -> Answer:
    """Delete one with everything that was made of it; a group's belong to everybody: only admins do that."""
    t, (document_id, number) = pressed.t, pressed.press.ids
    if not await is_admin(desk, pressed.chat, pressed.person):
        return Answer(t("In groups only admins can do that."), alert=True)
    item = None
    if desk.documents is not None:
        with suppress(NotFound):
            whose = _whose(pressed.chat, pressed.person)
            item = await desk.documents.knowledge.delete(whose, document_id)
    await _show(pressed, desk, number)
    return Answer(t("Deleted: {title}", title=item.title) if item else t("This document is gone already."))


async def _show(pressed: Pressed, desk: Desk, number: int) -> None:
    text, keyboard = await _view(pressed.t, pressed.chat, pressed.person, number, desk)
    await desk.writer(pressed.chat).edit(pressed.message.message_id, Part(text), keyboard)


async def _view(
    t: Translator, chat: ChatRef, person: Person, number: int, desk: Desk
) -> tuple[str, InlineKeyboardMarkup | None]:
    page = DocumentPage((), 0, 1, 0)
    if desk.documents is not None:
        page = await desk.documents.knowledge.page(_whose(chat, person), number)
    return _page_text(t, page), document_buttons(int(person.external_id), page)


def _whose(chat: ChatRef, person: Person) -> Whose:
    return of_person(person) if chat.private else of_group(chat)


def _page_text(t: Translator, page: DocumentPage) -> str:
    if not page.total:
        return t(
            "I have read no documents yet. Send me a PDF, DOCX, HTML, Markdown, text, CSV or JSON file, "
            "then ask me about it."
        )
    lines = [t.n("I have read {count} document:", "I have read {count} documents:", page.total), ""]
    for number, item in enumerate(page.items, start=1):
        lines.append(f"{number}. {one_line(item.title, _TITLE_LIMIT)} ({item.added_at:%Y-%m-%d})")
    if page.pages > 1:
        lines += ["", t("Page {page} of {pages}", page=page.page + 1, pages=page.pages)]
    return "\n".join(lines)
