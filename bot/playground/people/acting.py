"""What people do in their chats: write, send files, forward, edit, delete, react."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused, ApiError
from bot.playground.emulator.files import Upload
from bot.playground.emulator.render import ANONYMOUS_ADMIN, chat_json, user_of
from bot.playground.emulator.text import MAX_CAPTION, MAX_TEXT, Formatted, formatted, utf16
from bot.playground.people.permits import chat_for, check_anonymous, check_topic
from bot.playground.people.telling import bots_in, tell_bots
from bot.playground.records import Message
from bot.playground.store import Json

Media = str  # "photo" | "document" | "voice" | "sticker"


class _Place(TypedDict):
    reply_to: int | None
    thread_id: int | None
    anonymous: bool


async def post(
    emu: Emulator,
    chat_id: int,
    person_id: int,
    body: Json,
    *,
    reply_to: int | None = None,
    quote: str | None = None,
    thread_id: int | None = None,
    anonymous: bool = False,
) -> Message:
    """Put a person's content into a chat and tell the bots. Raises `ActionRefused`."""
    chat, person = chat_for(emu, chat_id, person_id)
    original = emu.world.message(chat_id, reply_to) if reply_to is not None else None
    if reply_to is not None and original is None:
        raise ActionRefused("the message to reply to is gone", "reply_gone")
    if thread_id is None and original is not None:
        thread_id = original.thread_id
    check_topic(chat, thread_id, person)
    if anonymous:
        check_anonymous(chat, person)
    if chat.type == "private" and not chat.started:
        chat = emu.world.put(replace(chat, started=True))
    sender = person.id
    if anonymous:
        sender, body = ANONYMOUS_ADMIN, {"sender_chat": chat_json(emu.world, chat)} | body
    message = emu.add_message(
        chat, sender, body, reply_to=reply_to, quote=_quoted(original, quote), thread_id=thread_id
    )
    emu.ledger.message(chat.id, message.id, person.id, message.text)
    tell_bots(emu, message)
    await emu.commit()
    return message


async def say(
    emu: Emulator,
    chat_id: int,
    person_id: int,
    text: str,
    *,
    entities: list[Json] | None = None,
    reply_to: int | None = None,
    quote: str | None = None,
    thread_id: int | None = None,
    anonymous: bool = False,
) -> list[Message]:
    """Write a text; a client splits what is longer than 4096 units. Raises `ActionRefused` for nothing."""
    parts = (
        [_content(text, entities)] if utf16(text) <= MAX_TEXT else [_content(p, None) for p in split(text)]
    )
    sent = []
    for part in parts:
        body: Json = {"text": part.text}
        if part.entities:
            body["entities"] = part.entities
        sent.append(
            await post(
                emu,
                chat_id,
                person_id,
                body,
                reply_to=reply_to,
                quote=quote,
                thread_id=thread_id,
                anonymous=anonymous,
            )
        )
    return sent


def split(text: str) -> list[str]:
    """Parts of at most 4096 UTF-16 units, cut at white space where there is some."""
    parts = []
    while len(text) > MAX_TEXT or utf16(text) > MAX_TEXT:
        window = text[:MAX_TEXT]
        while (excess := utf16(window) - MAX_TEXT) > 0:
            window = window[: -((excess + 1) // 2)]
        space = max(window.rfind("\n", 1), window.rfind(" ", 1))
        cut = space if space > len(window) // 2 else len(window)
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [part for part in [*parts, text] if part.strip()]


def _content(text: str, entities: list[Json] | None) -> Formatted:
    try:
        content = formatted(text, entities, None)
    except ApiError as error:
        raise ActionRefused(error.description, "text") from None
    if not content.text:
        raise ActionRefused("there is nothing to send", "empty")
    return content


def _quoted(original: Message | None, quote: str | None) -> Json | None:
    if original is None or not quote:
        return None
    if quote not in original.text:
        raise ActionRefused("the quote is not in the message", "quote")
    position = utf16(original.text[: original.text.index(quote)])
    return {"text": quote, "position": position, "is_manual": True}


async def media_body(
    emu: Emulator, kind: Media, upload: Upload, caption: str = "", extra: Json | None = None
) -> Json:
    """Content of a message with a file, its bytes stored. Raises `ActionRefused`."""
    options = extra or {}
    try:
        match kind:
            case "photo":
                body: Json = {"photo": await emu.files.photo(upload)}
            case "document":
                body = {"document": await emu.files.document(upload)}
            case "voice":
                body = {"voice": await emu.files.voice(upload, int(options.get("duration", 1)))}
            case "sticker":
                body = {"sticker": await emu.files.sticker(upload, str(options.get("emoji", "🙂")))}
            case _:
                raise ActionRefused(f"people cannot send a {kind} here", "kind")
        content = formatted(caption, None, None)
    except ApiError as error:
        raise ActionRefused(error.description, "not_picture" if kind == "photo" else "text") from None
    if utf16(content.text) > MAX_CAPTION:
        raise ActionRefused("the caption is too long", "long_caption")
    if content.text:
        body["caption"] = content.text
    if content.entities:
        body["caption_entities"] = content.entities
    return body


async def send_album(
    emu: Emulator,
    chat_id: int,
    person_id: int,
    photos: Sequence[bytes],
    caption: str = "",
    *,
    reply_to: int | None = None,
    thread_id: int | None = None,
    anonymous: bool = False,
) -> list[Message]:
    """Photos that belong together; the caption stands under the first."""
    group = str(secrets.randbits(60))
    bodies = [
        {"media_group_id": group}
        | await media_body(emu, "photo", Upload(photo), caption if number == 0 else "")
        for number, photo in enumerate(photos)
    ]
    place: _Place = {"reply_to": reply_to, "thread_id": thread_id, "anonymous": anonymous}
    return [await post(emu, chat_id, person_id, body, **place) for body in bodies]


async def forward(
    emu: Emulator,
    original: Message,
    chat_id: int,
    person_id: int,
    *,
    hidden: str | None = None,
    thread_id: int | None = None,
) -> Message:
    """Forward a message; `hidden` is the name shown for a sender who hides the account."""
    origin: Json = {"type": "hidden_user", "sender_user_name": hidden, "date": original.date}
    if hidden is None:
        sender = user_of(emu.world, original.sender_id)
        origin = {"type": "user", "sender_user": sender, "date": original.date}
    dropped = ("sender_chat", "media_group_id", "forward_origin")
    content = {name: value for name, value in original.body.items() if name not in dropped}
    body = {"forward_origin": original.body.get("forward_origin", origin)} | content
    return await post(emu, chat_id, person_id, body, thread_id=thread_id)


def own(emu: Emulator, chat_id: int, message_id: int, person_id: int) -> Message:
    """A person's own message. Raises `ActionRefused`."""
    chat_for(emu, chat_id, person_id)
    message = emu.world.message(chat_id, message_id)
    if message is None or message.sender_id != person_id:
        raise ActionRefused("this is not a message of one's own", "not_own")
    return message


async def edit(emu: Emulator, chat_id: int, message_id: int, person_id: int, text: str) -> Message:
    """Change the text or caption of one's own message."""
    message = own(emu, chat_id, message_id, person_id)
    content = _content(text, None)
    names = ("text", "entities") if "text" in message.body else ("caption", "caption_entities")
    body = {name: value for name, value in message.body.items() if name not in names} | {
        names[0]: content.text
    }
    if content.entities:
        body[names[1]] = content.entities
    changed = emu.change_message(message, "edit", body=body, edited=emu.now())
    tell_bots(emu, changed, "edited_message")
    await emu.commit()
    return changed


async def delete(emu: Emulator, chat_id: int, message_id: int, person_id: int) -> None:
    """Delete one's own message, or any in one's private chat; bots are not told."""
    chat, _ = chat_for(emu, chat_id, person_id)
    message = emu.world.message(chat_id, message_id)
    if message is None or (chat.type != "private" and message.sender_id != person_id):
        raise ActionRefused("this message cannot be deleted", "undeletable")
    emu.change_message(message, "delete", deleted=True)
    await emu.commit()


async def react(emu: Emulator, chat_id: int, message_id: int, person_id: int, emoji: str | None) -> None:
    """Set or take back one's reaction."""
    chat, person = chat_for(emu, chat_id, person_id)
    message = emu.world.message(chat_id, message_id)
    if message is None:
        raise ActionRefused("the message is gone", "gone")
    old = message.reactions.get(person.id, [])
    new = [emoji] if emoji else []
    reactions = {user: kept for user, kept in message.reactions.items() if user != person.id}
    emu.change_message(message, "reaction", reactions=reactions | ({person.id: new} if new else {}))
    update = {"chat": chat_json(emu.world, chat), "message_id": message_id, "date": emu.now()}
    update |= {"user": user_of(emu.world, person.id)}
    update |= {
        name: [{"type": "emoji", "emoji": item} for item in items]
        for name, items in (("old_reaction", old), ("new_reaction", new))
    }
    for bot in bots_in(emu, chat):
        if chat.type == "private" or chat.status(bot.id) == "administrator":
            emu.notify(bot.id, "message_reaction", update)
    await emu.commit()
