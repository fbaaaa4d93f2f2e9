"""Methods that change or remove what stands in a chat."""

from __future__ import annotations

from bot.playground.emulator.access import chat_of, own_message, writable
from bot.playground.emulator.call import Call, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import bad_request
from bot.playground.emulator.markup import checked_markup
from bot.playground.emulator.methods.sending import link_preview
from bot.playground.emulator.render import message_json
from bot.playground.emulator.text import Formatted, caption_text, message_text
from bot.playground.records import Chat, Message
from bot.playground.store import Json

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
DELETE_WITHIN_SECONDS = 48 * 3600
# Telegram's own list; anything else is refused.
_REACTIONS = """
❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨
😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎
👾 🤷‍♂ 🤷 🤷‍♀ 😡
"""
REACTIONS = frozenset(_REACTIONS.split())


def _editable(emu: Emulator, call: Call) -> tuple[Chat, Message]:
    if "inline_message_id" in call.params:
        raise bad_request("MESSAGE_ID_INVALID")
    chat = writable(emu, call.bot, call.need("chat_id"))
    return chat, own_message(emu, call, chat)


def _edit(emu: Emulator, call: Call, chat: Chat, message: Message, body: Json, markup: Json | None) -> Json:
    emu.limits.spend(call.bot.id, chat)
    changed = emu.change_message(message, "edit", body=body, markup=markup, edited=emu.now())
    emu.ledger.changed("edit", chat.id, changed.id, changed.text)
    return message_json(emu.world, changed)


def _with(body: Json, kind: str, content: Formatted) -> Json:
    names = ("text", "entities") if kind == "text" else ("caption", "caption_entities")
    rest = {name: value for name, value in body.items() if name not in names}
    new: Json = {names[0]: content.text} if content.text else {}
    return rest | new | ({names[1]: content.entities} if content.entities else {})


@method("editMessageText")
async def edit_message_text(emu: Emulator, call: Call) -> Json:
    """Another text; a keyboard that is not given again goes away."""
    chat, message = _editable(emu, call)
    content = message_text(call.get("text", ""), call.get("entities"), call.get("parse_mode"))
    markup = checked_markup(call.get("reply_markup"), inline_only=True)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    body = _with(message.body, "text", content)
    if body == message.body and markup == message.markup:
        raise bad_request(NOT_MODIFIED)
    return _edit(emu, call, chat, message, body | link_preview(call), markup)


@method("editMessageCaption")
async def edit_message_caption(emu: Emulator, call: Call) -> Json:
    """Another caption under a file."""
    chat, message = _editable(emu, call)
    content = caption_text(call.get("caption", ""), call.get("caption_entities"), call.get("parse_mode"))
    markup = checked_markup(call.get("reply_markup"), inline_only=True)
    if "text" in message.body:
        raise bad_request("there is no caption in the message to edit")
    body = _with(message.body, "caption", content)
    if body == message.body and markup == message.markup:
        raise bad_request(NOT_MODIFIED)
    return _edit(emu, call, chat, message, body, markup)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(emu: Emulator, call: Call) -> Json:
    """Another keyboard, or none."""
    chat, message = _editable(emu, call)
    markup = checked_markup(call.get("reply_markup"), inline_only=True)
    if markup == message.markup:
        raise bad_request(NOT_MODIFIED)
    return _edit(emu, call, chat, message, message.body, markup)


def _may_delete(emu: Emulator, call: Call, chat: Chat, message: Message) -> bool:
    if emu.now() - message.date > DELETE_WITHIN_SECONDS:
        return False
    if message.from_bot or chat.type == "private":
        return message.sender_id == call.bot.id or chat.type == "private"
    return chat.status(call.bot.id) in ("administrator", "creator")


def _delete(emu: Emulator, message: Message) -> None:
    emu.change_message(message, "delete", deleted=True)
    emu.ledger.changed("delete", message.chat_id, message.id)


@method("deleteMessage")
async def delete_message(emu: Emulator, call: Call) -> bool:
    """Remove a message for everyone."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    message = emu.world.message(chat.id, call.need("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(emu, call, chat, message):
        raise bad_request("message can't be deleted")
    _delete(emu, message)
    return True


@method("deleteMessages")
async def delete_messages(emu: Emulator, call: Call) -> bool:
    """Remove up to a hundred messages; those that are gone are skipped."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    if not 1 <= len(call.need("message_ids")) <= 100:
        raise bad_request("message identifiers are not specified or too many")
    found = [emu.world.message(chat.id, message_id) for message_id in call.get("message_ids")]
    messages = [message for message in found if message is not None]
    if not all(_may_delete(emu, call, chat, message) for message in messages):
        raise bad_request("message can't be deleted")
    for message in messages:
        _delete(emu, message)
    return True


@method("setMessageReaction")
async def set_message_reaction(emu: Emulator, call: Call) -> bool:
    """The bot's own reaction; at most one, an empty list takes it back."""
    chat = writable(emu, call.bot, call.need("chat_id"))
    message = emu.world.message(chat.id, call.need("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    emojis = [str(reaction.get("emoji", "")).replace("\ufe0f", "") for reaction in call.get("reaction", [])]
    if len(emojis) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if not set(emojis) <= REACTIONS:
        raise bad_request("REACTION_INVALID")
    reactions = {user: kept for user, kept in message.reactions.items() if user != call.bot.id}
    if emojis:
        reactions[call.bot.id] = emojis
    emu.change_message(message, "reaction", reactions=reactions)
    emu.ledger.reaction(chat.id, message.id, "".join(emojis))
    return True
