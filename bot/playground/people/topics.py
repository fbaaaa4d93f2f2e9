"""Topics of a forum: opening, closing, opening again."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.people.rooms import service

_ICON = 7322096


async def add_topic(emu: Emulator, chat_id: int, name: str, by: int) -> int:
    """A topic of a forum; its id is that of its first message. Raises `ActionRefused`."""
    chat = emu.world.chats[chat_id]
    if not chat.is_forum:
        raise ActionRefused("this group has no topics", "no_forum")
    thread_id = chat.next_message
    topic = {"name": name, "closed": False, "by": by}
    chat = emu.world.put(replace(chat, topics=chat.topics | {thread_id: topic}))
    service(emu, chat, by, {"forum_topic_created": {"name": name, "icon_color": _ICON}}, thread_id=thread_id)
    emu.events.emit("chat", chat_id=chat_id)
    await emu.commit()
    return thread_id


async def set_closed(emu: Emulator, chat_id: int, thread_id: int, by: int, closed: bool) -> None:
    """Close a topic or open it again; nothing happens when it is so already."""
    chat = emu.world.chats[chat_id]
    topic = chat.topics[thread_id]
    if bool(topic["closed"]) == closed:
        return
    chat = emu.world.put(replace(chat, topics=chat.topics | {thread_id: topic | {"closed": closed}}))
    kind = "forum_topic_closed" if closed else "forum_topic_reopened"
    service(emu, chat, by, {kind: {}}, thread_id=thread_id)
    emu.events.emit("chat", chat_id=chat_id)
    await emu.commit()
