"""Methods by which a bot describes itself: commands by scope and language, names, menu button."""

from __future__ import annotations

import re

from bot.playground.emulator.call import Call, Handler, method
from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import bad_request
from bot.playground.records import Chat, Person, Setting
from bot.playground.store import Json

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
_NAMES = {
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}


def _language(call: Call) -> str:
    language = str(call.get("language_code", ""))
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _commands_key(bot_id: int, scope: Json, language: str) -> str:
    parts = [str(scope.get(name, "")) for name in ("type", "chat_id", "user_id")]
    return ":".join(["commands", str(bot_id), *parts, language])


def _call_key(call: Call) -> str:
    return _commands_key(call.bot.id, call.get("scope") or {"type": "default"}, _language(call))


@method("setMyCommands")
async def set_my_commands(emu: Emulator, call: Call) -> bool:
    """The command menu of a scope and language."""
    commands = call.need("commands")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"].strip()) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    emu.world.put(Setting(_call_key(call), commands))
    emu.events.emit("commands", bot_id=call.bot.id)
    return True


@method("getMyCommands")
async def get_my_commands(emu: Emulator, call: Call) -> list[Json]:
    """The menu as it was set for exactly this scope and language."""
    found: list[Json] = emu.world.settings.get(_call_key(call), [])
    return found


@method("deleteMyCommands")
async def delete_my_commands(emu: Emulator, call: Call) -> bool:
    """Take the menu of a scope and language away."""
    emu.world.drop(Setting(_call_key(call), None))
    emu.events.emit("commands", bot_id=call.bot.id)
    return True


def commands_for(emu: Emulator, bot_id: int, chat: Chat, person: Person) -> list[Json]:
    """The menu that a person sees in a chat: the narrowest scope that has one, own language first."""
    at, who = {"chat_id": chat.id}, {"user_id": person.id}
    admin = chat.status(person.id) in ("administrator", "creator")
    scopes: list[Json] = [{"type": "chat"} | at]
    if chat.type == "private":
        scopes += [{"type": "all_private_chats"}]
    else:
        scopes = [
            {"type": "chat_member"} | at | who,
            *([{"type": "chat_administrators"} | at] if admin else []),
            *scopes,
            *([{"type": "all_chat_administrators"}] if admin else []),
            {"type": "all_group_chats"},
        ]
    for scope in [*scopes, {"type": "default"}]:
        for language in (person.language_code[:2], ""):
            if found := emu.world.settings.get(_commands_key(bot_id, scope, language)):
                return list(found)
    return []


def _setter(field: str, limit: int) -> Handler:
    async def set_value(emu: Emulator, call: Call) -> bool:
        value = str(call.get(field, ""))
        if len(value) > limit:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        emu.world.put(Setting(f"{field}:{call.bot.id}:{_language(call)}", value))
        return True

    return set_value


def _getter(field: str) -> Handler:
    async def get_value(emu: Emulator, call: Call) -> Json:
        values = emu.world.settings
        own = values.get(f"{field}:{call.bot.id}:{_language(call)}")
        default = call.bot.first_name if field == "name" else ""
        return {field: own or values.get(f"{field}:{call.bot.id}:") or default}

    return get_value


for _name, (_field, _limit) in _NAMES.items():
    method(f"setMy{_name}")(_setter(_field, _limit))
    method(f"getMy{_name}")(_getter(_field))


@method("setChatMenuButton")
async def set_chat_menu_button(emu: Emulator, call: Call) -> bool:
    """The button beside the input field."""
    button = call.get("menu_button") or {"type": "default"}
    emu.world.put(Setting(f"menu:{call.bot.id}:{call.get('chat_id', '')}", button))
    return True


@method("getChatMenuButton")
async def get_chat_menu_button(emu: Emulator, call: Call) -> Json:
    """The button beside the input field, as it was set."""
    settings = emu.world.settings
    own = settings.get(f"menu:{call.bot.id}:{call.get('chat_id', '')}")
    found: Json = own or settings.get(f"menu:{call.bot.id}:") or {"type": "default"}
    return found
