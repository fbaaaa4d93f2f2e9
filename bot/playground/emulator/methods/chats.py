"""Methods that tell about chats, and the way out of one."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.emulator.access import chat_of
from bot.playground.emulator.call import Call, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import bad_request
from bot.playground.emulator.render import chat_json, member_json
from bot.playground.records import PRESENT
from bot.playground.store import Json

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method("getMe")
async def get_me(emu: Emulator, call: Call) -> Json:
    """The bot's own account."""
    bot = call.bot
    return {
        "id": bot.id,
        "is_bot": True,
        "first_name": bot.first_name,
        "username": bot.username,
        "can_join_groups": True,
        "can_read_all_group_messages": not bot.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method("getChat")
async def get_chat(emu: Emulator, call: Call) -> Json:
    """A chat in full."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    gifts = dict.fromkeys(_GIFTS, False)
    return chat_json(emu.world, chat) | {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


@method("getChatMember")
async def get_chat_member(emu: Emulator, call: Call) -> Json:
    """How somebody stands in a chat."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    user_id = call.need("user_id")
    if user_id not in emu.world.people and user_id not in emu.world.bots:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_json(emu.world, chat, user_id)


@method("getChatMemberCount")
async def get_chat_member_count(emu: Emulator, call: Call) -> int:
    """How many are in a chat, bots included."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    return sum(1 for status in chat.members.values() if status in PRESENT)


@method("getChatAdministrators")
async def get_chat_administrators(emu: Emulator, call: Call) -> list[Json]:
    """Creator and administrators, other bots left out."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    named = [u for u, status in chat.members.items() if status in ("creator", "administrator")]
    return [member_json(emu.world, chat, u) for u in named if u in emu.world.people or u == call.bot.id]


@method("leaveChat")
async def leave_chat(emu: Emulator, call: Call) -> bool:
    """The bot leaves a group."""
    chat = chat_of(emu, call.bot, call.need("chat_id"))
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    emu.world.put(replace(chat, members=chat.members | {call.bot.id: "left"}))
    emu.events.emit("member", chat_id=chat.id, user_id=call.bot.id, status="left")
    return True
