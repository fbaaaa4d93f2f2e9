"""What a client lets a person do in a chat, and the refusals that it shows."""

from __future__ import annotations

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.records import Chat, Person, Status

LEADS: frozenset[str] = frozenset({"creator", "administrator"})


def chat_for(emu: Emulator, chat_id: int, person_id: int) -> tuple[Chat, Person]:
    """The chat and the person, who may write there now. Raises `ActionRefused`."""
    chat, person = emu.world.chats.get(chat_id), emu.world.people.get(person_id)
    if chat is None or person is None:
        raise ActionRefused("there is no such chat or person", "unknown")
    if chat.migrated_to:
        raise ActionRefused("this group has become a supergroup", "migrated")
    if chat.type == "private":
        if chat.person_id != person.id:
            raise ActionRefused("this is somebody else's private chat", "foreign_chat")
        if chat.blocked:
            raise ActionRefused("the bot is blocked; unblock it first", "blocked")
    elif not chat.has(person.id):
        name = person.first_name
        raise ActionRefused(f"{name} is not a member of this chat", "no_member", name=name)
    return chat, person


def check_topic(chat: Chat, thread_id: int | None, person: Person) -> None:
    """Whether the person may write into a topic; None is General. Raises `ActionRefused`."""
    if thread_id is None:
        return
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise ActionRefused("there is no such topic", "no_topic")
    if topic.get("closed") and chat.status(person.id) not in LEADS:
        raise ActionRefused("this topic is closed", "topic_closed")


def check_anonymous(chat: Chat, person: Person) -> None:
    """Whether the person may speak as the group. Raises `ActionRefused`."""
    if chat.type != "supergroup" or chat.status(person.id) not in LEADS:
        raise ActionRefused("only administrators of a supergroup can write as the group", "not_anonymous")


def check_topic_keeper(chat: Chat, thread_id: int, person: Person) -> None:
    """Whether the person may close or reopen a topic. Raises `ActionRefused`."""
    if thread_id not in chat.topics:
        raise ActionRefused("there is no such topic", "no_topic")
    if chat.status(person.id) not in LEADS and chat.topics[thread_id].get("by") != person.id:
        raise ActionRefused("only administrators and the one who opened a topic can close it", "topic_keeper")


def check_change(chat: Chat, user_id: int, status: Status, by: int) -> None:
    """Whether `by` may give `user_id` another standing in a group. Raises `ActionRefused`."""
    own, theirs = chat.status(by), chat.status(user_id)
    if not chat.has(by):
        raise ActionRefused("one must be a member to change this", "not_in_group")
    if by == user_id:
        if status != "left":
            raise ActionRefused("nobody can change their own role", "own_role")
        return
    if theirs == "creator":
        raise ActionRefused("the creator stays what they are", "creator_stays")
    if "administrator" in (status, theirs) and own != "creator":
        raise ActionRefused("only the creator makes and unmakes administrators", "creator_only")
    comes_in = not chat.has(user_id) and status == "member"
    if not comes_in and own not in LEADS:
        raise ActionRefused("only administrators can do this", "admins_only")
