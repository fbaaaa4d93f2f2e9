"""People and chats: making them, coming and going, roles, blocking, topics, supergroups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.emulator.render import chat_json, member_json, user_of
from bot.playground.people.telling import bots_in, tell_bots
from bot.playground.records import PRESENT, BotAccount, Chat, ChatType, Message, Person, Status
from bot.playground.store import Json


async def add_person(
    emu: Emulator, first_name: str, *, person_id: int | None = None, **fields: Any
) -> Person:
    """A new account: last_name, username, language_code, owner."""
    new_id = person_id if person_id is not None else emu.world.new_person_id()
    if new_id in emu.world.people:
        raise ActionRefused(f"somebody has the id {new_id} already", "id_taken")
    person = emu.world.put(Person(new_id, first_name, **fields))
    emu.events.emit("person", person_id=person.id)
    await emu.commit()
    return person


async def change_person(emu: Emulator, person_id: int, **fields: Any) -> Person:
    """Another name or language, or `deactivated=True`."""
    person = emu.world.put(replace(emu.world.people[person_id], **fields))
    emu.events.emit("person", person_id=person_id)
    await emu.commit()
    return person


async def private_chat(emu: Emulator, person_id: int, bot: BotAccount | None = None) -> Chat:
    """The person's private chat with a bot; the bot may write there once the person has."""
    bot = bot or emu.main_bot
    chat = emu.world.chats.get(person_id)
    if chat is None:
        members: dict[int, Status] = {person_id: "member", bot.id: "member"}
        chat = emu.world.put(Chat(person_id, "private", person_id=person_id, bot_id=bot.id, members=members))
        emu.events.emit("chat", chat_id=chat.id)
        await emu.commit()
    if chat.bot_id != bot.id:
        raise ActionRefused("a person of the playground has a private chat with one bot only", "one_bot")
    return chat


async def add_group(
    emu: Emulator,
    title: str,
    statuses: Mapping[int, Status],
    *,
    type: ChatType = "supergroup",
    username: str = "",
    is_forum: bool = False,
    chat_id: int | None = None,
) -> Chat:
    """A group of people, by status; bots come by `set_status`, so that they hear of it."""
    new_id = chat_id if chat_id is not None else emu.world.new_chat_id(type == "supergroup")
    chat = emu.world.put(
        Chat(new_id, type, title, username=username, is_forum=is_forum, members=dict(statuses))
    )
    emu.events.emit("chat", chat_id=chat.id)
    await emu.commit()
    return chat


async def set_status(emu: Emulator, chat_id: int, user_id: int, status: Status, by: int) -> Chat:
    """Let somebody in or out of a group or give a role; service messages and member updates follow."""
    chat = emu.world.chats[chat_id]
    if chat.type == "private":
        raise ActionRefused("a private chat has no members to change", "no_members")
    old = member_json(emu.world, chat, user_id)
    was_in, comes_in = chat.has(user_id), status in PRESENT
    hearing = [bot.id for bot in bots_in(emu, chat)]
    if was_in and not comes_in:
        service(emu, chat, by, {"left_chat_member": user_of(emu.world, user_id)})
    chat = emu.world.chats[chat_id]
    chat = emu.world.put(replace(chat, members=chat.members | {user_id: status}))
    update = {
        "chat": chat_json(emu.world, chat),
        "from": user_of(emu.world, by),
        "date": emu.now(),
        "old_chat_member": old,
        "new_chat_member": member_json(emu.world, chat, user_id),
    }
    if user_id in emu.world.bots:
        emu.notify(user_id, "my_chat_member", update)
    for bot_id in hearing:
        if bot_id != user_id and chat.status(bot_id) == "administrator":
            emu.notify(bot_id, "chat_member", update)
    if comes_in and not was_in:
        service(emu, chat, by, {"new_chat_members": [user_of(emu.world, user_id)]})
    emu.events.emit("member", chat_id=chat_id, user_id=user_id, status=status)
    await emu.commit()
    return emu.world.chats[chat_id]


def service(emu: Emulator, chat: Chat, by: int, body: Json, **fields: Any) -> Message:
    """A service message, which bots see whatever their privacy."""
    message = emu.add_message(chat, by, body, **fields)
    tell_bots(emu, message)
    return message


async def set_blocked(emu: Emulator, person_id: int, blocked: bool) -> Chat:
    """Block or unblock the bot in one's private chat."""
    chat = emu.world.chats.get(person_id)
    if chat is None:
        raise ActionRefused("there is no chat with the bot yet", "no_chat")
    if chat.blocked == blocked:
        return chat
    member: dict[bool, Status] = {False: "member", True: "kicked"}
    old = member_json(emu.world, chat, chat.bot_id)
    members = chat.members | {chat.bot_id: member[blocked]}
    chat = emu.world.put(replace(chat, blocked=blocked, members=members))
    update = {
        "chat": chat_json(emu.world, chat),
        "from": user_of(emu.world, person_id),
        "date": emu.now(),
        "old_chat_member": old,
        "new_chat_member": member_json(emu.world, chat, chat.bot_id),
    }
    emu.notify(chat.bot_id, "my_chat_member", update)
    emu.events.emit("member", chat_id=chat.id, user_id=chat.bot_id, status=member[blocked])
    await emu.commit()
    return chat


async def upgrade(emu: Emulator, chat_id: int, by: int) -> Chat:
    """Make a supergroup of a group: a new id, and a service message in either chat."""
    old = emu.world.chats[chat_id]
    if old.type != "group" or old.migrated_to:
        raise ActionRefused("only a basic group can become a supergroup", "no_basic_group")
    new_id = emu.world.new_chat_id(supergroup=True)
    new = emu.world.put(Chat(new_id, "supergroup", old.title, members=dict(old.members)))
    service(emu, old, by, {"migrate_to_chat_id": new_id})
    old = emu.world.chats[chat_id]
    emu.world.put(replace(old, migrated_to=new_id))
    service(emu, new, by, {"migrate_from_chat_id": chat_id})
    emu.events.emit("chat", chat_id=new_id)
    await emu.commit()
    return emu.world.chats[new_id]
