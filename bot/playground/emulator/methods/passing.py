"""Methods whose effect does not last: typing, drafts, answers to pressed buttons."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.emulator.access import thread_of, writable
from bot.playground.emulator.call import Call, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import bad_request
from bot.playground.emulator.text import MAX_TEXT, formatted, utf16
from bot.playground.records import Draft

QUERY_LIFETIME_SECONDS = 15 * 60
MAX_ANSWER = 200
_ACTIONS = """
typing upload_photo record_video upload_video record_voice upload_voice upload_document
choose_sticker find_location record_video_note upload_video_note
"""
ACTIONS = frozenset(_ACTIONS.split())


@method("sendChatAction")
async def send_chat_action(emu: Emulator, call: Call) -> bool:
    """Typing and its like."""
    chat = writable(emu, call.bot, call.need("chat_id"))
    thread_id = thread_of(chat, call.get("message_thread_id"))
    action = call.need("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    emu.events.emit("action", chat_id=chat.id, action=action, thread_id=thread_id)
    emu.ledger.passing("chat_action", chat.id, action)
    return True


@method("sendMessageDraft")
async def send_message_draft(emu: Emulator, call: Call) -> bool:
    """A streamed preview in a private chat; frames after Stop are accepted and not shown."""
    chat = writable(emu, call.bot, call.need("chat_id"))
    if chat.type != "private":
        raise bad_request("message drafts can be sent only to private chats")
    if not call.need("draft_id"):
        raise bad_request("RANDOM_ID_INVALID")
    content = formatted(call.get("text", ""), call.get("entities"), call.get("parse_mode"))
    if utf16(content.text) > MAX_TEXT:
        raise bad_request("message is too long")
    emu.limits.spend_draft(call.bot.id, chat)
    emu.ledger.passing("draft", chat.id, content.text)
    key = (chat.id, call.get("draft_id"))
    old = emu.world.drafts.get(key)
    if old is not None and old.stopped:
        return True
    emu.world.drafts[key] = draft = Draft(
        chat.id,
        call.bot.id,
        key[1],
        content.text,
        content.entities,
        thread_of(chat, call.get("message_thread_id")),
        bool(call.get("can_stop")),
        bool(call.get("keep_on_stop")),
        emu.clock.now().timestamp(),
    )
    emu.events.emit("draft", chat_id=chat.id, draft=vars(draft))
    return True


@method("answerCallbackQuery")
async def answer_callback_query(emu: Emulator, call: Call) -> bool:
    """The answer to a pressed button: nothing, a notice or an alert."""
    query = emu.world.queries.get(call.get("callback_query_id", ""))
    age = emu.now() - query.date if query else 0
    if query is None or query.bot_id != call.bot.id or age > QUERY_LIFETIME_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = call.get("text", "")
    if len(text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": bool(call.get("show_alert")), "url": call.get("url", "")}
    emu.world.put(replace(query, answer=answer))
    emu.events.emit(
        "answer",
        chat_id=query.chat_id,
        message_id=query.message_id,
        query_id=query.id,
        to=query.person_id,
        **answer,
    )
    emu.ledger.answer(query.id, text)
    return True
