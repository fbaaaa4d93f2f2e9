"""Methods that put something into a chat."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.emulator.access import chat_of, replied_to, thread_of, writable
from bot.playground.emulator.call import Call, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import bad_request
from bot.playground.emulator.files import Upload
from bot.playground.emulator.markup import checked_markup
from bot.playground.emulator.render import message_json, user_of
from bot.playground.emulator.text import caption_text, message_text
from bot.playground.records import Chat, Message
from bot.playground.store import Json


@dataclass(frozen=True)
class Target:
    """Where a message goes and what hangs on it, all checked."""

    chat: Chat
    thread_id: int | None
    reply_to: int | None
    quote: Json | None
    markup: Json | None


def target_of(emu: Emulator, call: Call) -> Target:
    """Check everything around the content of a new message."""
    chat = writable(emu, call.bot, call.need("chat_id"))
    thread_id = thread_of(chat, call.get("message_thread_id"))
    reply_to, quote = replied_to(emu, call, chat)
    if thread_id is None and reply_to is not None:
        thread_id = emu.world.messages[chat.id][reply_to].thread_id
    return Target(chat, thread_id, reply_to, quote, checked_markup(call.get("reply_markup")))


def put(emu: Emulator, call: Call, target: Target, body: Json) -> Message:
    """Send the content: quota, message, ledger."""
    emu.limits.spend(call.bot.id, target.chat)
    for key in [key for key in emu.world.drafts if key[0] == target.chat.id]:
        emu.world.drafts.pop(key)
    message = emu.add_message(
        target.chat,
        call.bot.id,
        body,
        from_bot=True,
        reply_to=target.reply_to,
        quote=target.quote,
        thread_id=target.thread_id,
        markup=target.markup,
    )
    emu.ledger.sent(target.chat.id, message.id, target.reply_to, message.text)
    return message


def link_preview(call: Call) -> Json:
    """The preview options that a message keeps."""
    options = call.get("link_preview_options")
    if options is None and call.get("disable_web_page_preview"):
        options = {"is_disabled": True}
    return {"link_preview_options": options} if options else {}


@method("sendMessage")
async def send_message(emu: Emulator, call: Call) -> Json:
    """A text."""
    target = target_of(emu, call)
    content = message_text(call.get("text", ""), call.get("entities"), call.get("parse_mode"))
    body: Json = {"text": content.text} | link_preview(call)
    if content.entities:
        body["entities"] = content.entities
    return message_json(emu.world, put(emu, call, target, body))


def _caption(call: Call) -> Json:
    content = caption_text(call.get("caption", ""), call.get("caption_entities"), call.get("parse_mode"))
    body: Json = {"caption": content.text} if content.text else {}
    return body | ({"caption_entities": content.entities} if content.entities else {})


def _upload(call: Call, name: str) -> Upload | str:
    """Bytes that came along, or the file id of what is here already."""
    value = str(call.get(name, ""))
    if value.startswith("attach://"):
        part = value.removeprefix("attach://")
        if part not in call.uploads:
            raise bad_request(f"there is no file named {part} in the request")
        return call.uploads[part]
    if value.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    if not value:
        raise bad_request(f"there is no {name} in the request")
    return value


@method("sendPhoto")
async def send_photo(emu: Emulator, call: Call) -> Json:
    """A picture, uploaded or by file id."""
    target, caption, source = target_of(emu, call), _caption(call), _upload(call, "photo")
    if isinstance(source, Upload):
        sizes = await emu.files.photo(source)
    else:
        kept = emu.files.known(source)
        size = {"width": kept.extra.get("width", 1), "height": kept.extra.get("height", 1)}
        sizes = [
            {"file_id": kept.file_id, "file_unique_id": kept.file_unique_id, "file_size": kept.size} | size
        ]
    return message_json(emu.world, put(emu, call, target, {"photo": sizes} | caption))


@method("sendDocument")
async def send_document(emu: Emulator, call: Call) -> Json:
    """A file, uploaded or by file id."""
    target, caption, source = target_of(emu, call), _caption(call), _upload(call, "document")
    if isinstance(source, Upload):
        document = await emu.files.document(source)
    else:
        kept = emu.files.known(source)
        document = {"file_id": kept.file_id, "file_unique_id": kept.file_unique_id, "file_size": kept.size}
        document |= {"file_name": kept.name} if kept.name else {}
    return message_json(emu.world, put(emu, call, target, {"document": document} | caption))


def _original(emu: Emulator, call: Call, verb: str) -> Message:
    source = chat_of(emu, call.bot, call.need("from_chat_id"))
    original = emu.world.message(source.id, call.need("message_id"))
    if original is None:
        raise bad_request(f"message to {verb} not found")
    if not {"text", "photo", "document", "voice", "sticker"} & original.body.keys():
        raise bad_request(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return original


@method("copyMessage")
async def copy_message(emu: Emulator, call: Call) -> Json:
    """The content of another message as one's own."""
    target, original = target_of(emu, call), _original(emu, call, "copy")
    body = {name: value for name, value in original.body.items() if name != "forward_origin"}
    if "caption" in call.params and "text" not in body:
        body = {k: v for k, v in body.items() if k not in ("caption", "caption_entities")} | _caption(call)
    return {"message_id": put(emu, call, target, body).id}


@method("forwardMessage")
async def forward_message(emu: Emulator, call: Call) -> Json:
    """Another message with its origin."""
    target, original = target_of(emu, call), _original(emu, call, "forward")
    sender = user_of(emu.world, original.sender_id)
    origin = {"type": "user", "date": original.date, "sender_user": sender}
    body = {"forward_origin": origin} | original.body
    return message_json(emu.world, put(emu, call, target, body))
