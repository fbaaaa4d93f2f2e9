"""Buttons under the bot's messages, and the Stop under a streamed draft."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.emulator.render import chat_json, message_json, user_of
from bot.playground.people.permits import chat_for
from bot.playground.records import Draft, Message, Query
from bot.playground.store import Json

DRAFT_SECONDS = 30


def find_button(message: Message, wanted: str) -> Json | None:
    """The button with this callback data, this text, or this text within its own."""
    rows = (message.keyboard or {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row if "callback_data" in button]
    for same in (
        lambda b: b["callback_data"] == wanted,
        lambda b: b["text"] == wanted,
        lambda b: wanted.casefold() in b["text"].casefold(),
    ):
        if found := next(filter(same, buttons), None):
            return found
    return None


async def press(
    emu: Emulator, chat_id: int, message_id: int, person_id: int, wanted: str, *, stale: bool = False
) -> Query:
    """Press a button by data or text. `stale` sends the data although the button is no longer there.

    Raises `ActionRefused` when there is no such button.
    """
    chat, person = chat_for(emu, chat_id, person_id)
    message = emu.world.messages[chat_id].get(message_id)
    if message is None:
        raise ActionRefused("the message is gone", "gone")
    button = find_button(message, wanted)
    if button is None and not stale:
        raise ActionRefused(f"there is no button {wanted!r} under this message", "no_button")
    data = button["callback_data"] if button else wanted
    query = emu.world.put(
        Query(emu.world.new_query_id(), message.sender_id, person.id, chat.id, message.id, data, emu.now())
    )
    shown = message_json(emu.world, message)
    if message.deleted:
        shown = {"chat": chat_json(emu.world, chat), "message_id": message.id, "date": 0}
    emu.ledger.callback(chat.id, message.id, person.id, data, query.id)
    emu.notify(
        message.sender_id,
        "callback_query",
        {
            "id": query.id,
            "from": user_of(emu.world, person.id),
            "message": shown,
            "chat_instance": str(abs(chat.id) * 7919),
            "data": data,
        },
    )
    await emu.commit()
    return query


async def answer_of(emu: Emulator, query_id: str, timeout: float) -> Json | None:
    """The bot's answer to a pressed button, or None if there is none within `timeout` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while (query := emu.world.queries[query_id]).answer is None:
        if not await emu.events.changed.wait(end - loop.time()):
            return emu.world.queries[query_id].answer
    return query.answer


def shown_drafts(emu: Emulator, chat_id: int) -> list[Draft]:
    """The drafts that still show in a chat: Telegram forgets one thirty seconds after its last frame."""
    horizon = emu.clock.now().timestamp() - DRAFT_SECONDS
    drafts = [draft for draft in emu.world.drafts.values() if draft.chat_id == chat_id and draft.at > horizon]
    return [draft for draft in drafts if draft.keep_on_stop or not draft.stopped]


async def stop_draft(emu: Emulator, chat_id: int, person_id: int, draft_id: int | None = None) -> int:
    """Press Stop under a draft (the newest if none is named); returns the draft id."""
    chat, _ = chat_for(emu, chat_id, person_id)
    drafts = [draft for draft in shown_drafts(emu, chat_id) if draft.can_stop and not draft.stopped]
    named = [draft for draft in drafts if draft_id in (None, draft.draft_id)]
    if not named:
        raise ActionRefused("there is no draft that can be stopped", "no_draft")
    draft = named[-1]
    stopped = replace(draft, stopped=True)
    emu.world.drafts[(chat_id, draft.draft_id)] = stopped
    emu.events.emit("draft", chat_id=chat_id, draft=vars(stopped))
    update: Json = {"chat": chat_json(emu.world, chat), "draft_id": draft.draft_id}
    if draft.thread_id is not None:
        update["message_thread_id"] = draft.thread_id
    emu.notify(draft.bot_id, "stopped_message_generation", update)
    await emu.commit()
    return draft.draft_id
