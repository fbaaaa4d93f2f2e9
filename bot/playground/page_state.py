"""What the messenger page shows at its start: people, chats, bots."""

from __future__ import annotations

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.render import user_json, user_of
from bot.playground.people.buttons import shown_drafts
from bot.playground.records import PRESENT, BotAccount, Chat, Person
from bot.playground.store import Json


def state_json(emu: Emulator) -> Json:
    """Everything but the messages; `last_event` is where to begin with the events."""
    chats = [chat for chat in emu.world.chats.values() if not chat.migrated_to]
    return {
        "bots": [_bot(emu, bot) for bot in emu.world.bots.values()],
        "people": [_person(person) for person in emu.world.people.values()],
        "chats": [chat_state(emu, chat) for chat in chats],
        "limits": emu.limits.enabled,
        "last_event": emu.events.last_id,
    }


def chat_state(emu: Emulator, chat: Chat) -> Json:
    """One chat with its members and its last message."""
    present = [(user, status) for user, status in chat.members.items() if status in PRESENT]
    standing = [m for m in emu.world.messages.get(chat.id, {}).values() if not m.deleted]
    last = max(standing, key=lambda message: message.id, default=None)
    person = emu.world.people.get(chat.person_id)
    return {
        "id": chat.id,
        "type": chat.type,
        "title": person.name if person else chat.title,
        "username": chat.username,
        "person_id": chat.person_id or None,
        "bot_id": chat.bot_id or None,
        "started": chat.started,
        "blocked": chat.blocked,
        "is_forum": chat.is_forum,
        "topics": [{"id": thread, **topic} for thread, topic in chat.topics.items()],
        "members": [user_of(emu.world, user) | {"status": status} for user, status in present],
        "last_message": emu.page_message(last) if last else None,
    }


def messages_json(emu: Emulator, chat: Chat, after: int, before: int | None, limit: int) -> Json:
    """The newest messages between two ids, oldest first, and the drafts that show now."""
    stored = emu.world.messages.get(chat.id, {})
    end = chat.next_message if before is None else before
    ids = sorted(i for i, m in stored.items() if not m.deleted and after < i < end)
    # From a known message on, the page wants what follows next; otherwise the end of the chat.
    chosen = ids[:limit] if after else ids[-limit:]
    return {
        "messages": [emu.page_message(stored[i]) for i in chosen],
        "drafts": [vars(draft) for draft in shown_drafts(emu, chat.id)],
        "more": len(ids) > len(chosen),
        "last_event": emu.events.last_id,
    }


def _person(person: Person) -> Json:
    return user_json(person) | {
        "name": person.name,
        "owner": person.owner,
        "deactivated": person.deactivated,
    }


def _bot(emu: Emulator, bot: BotAccount) -> Json:
    return user_json(bot) | {
        "privacy": bot.privacy,
    }
