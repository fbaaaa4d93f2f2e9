"""Records in the form in which the Bot API shows them."""

from __future__ import annotations

from bot.playground.records import BotAccount, Chat, Message, Person
from bot.playground.store import Json
from bot.playground.world import World

ANONYMOUS_ADMIN = 1087968824
ADMIN_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
_HELD = ("can_manage_chat", "can_delete_messages", "can_invite_users")
_RIGHTS = """
can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos
can_send_video_notes can_send_voice_notes can_send_polls can_send_other_messages
can_add_web_page_previews can_react_to_messages can_edit_tag can_change_info can_invite_users
can_pin_messages can_manage_topics
"""
_RESTRICTED = _RIGHTS.split()


def user_json(user: Person | BotAccount) -> Json:
    """A User."""
    if isinstance(user, BotAccount):
        return {"id": user.id, "is_bot": True, "first_name": user.first_name, "username": user.username}
    fields = {"last_name": user.last_name, "username": user.username, "language_code": user.language_code}
    return {"id": user.id, "is_bot": False, "first_name": user.first_name} | {
        k: v for k, v in fields.items() if v
    }


def user_of(world: World, user_id: int) -> Json:
    """A User by id; the anonymous administrators' shared account included."""
    if user_id == ANONYMOUS_ADMIN:
        return {"id": user_id, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    if user_id in world.people:
        return user_json(world.people[user_id])
    return user_json(world.bots[user_id])


def chat_json(world: World, chat: Chat) -> Json:
    """A Chat."""
    body: Json = {"id": chat.id, "type": chat.type}
    if chat.type == "private":
        person = world.people[chat.person_id]
        names = {"first_name": person.first_name, "last_name": person.last_name, "username": person.username}
        return body | {name: value for name, value in names.items() if value}
    body["title"] = chat.title
    if chat.username:
        body["username"] = chat.username
    if chat.is_forum:
        body["is_forum"] = True
    return body


def member_json(world: World, chat: Chat, user_id: int) -> Json:
    """A ChatMember."""
    status = chat.status(user_id)
    body: Json = {"user": user_of(world, user_id), "status": status}
    if status == "creator":
        body["is_anonymous"] = False
    elif status == "administrator":
        body |= {right: right in _HELD for right in ADMIN_RIGHTS}
    elif status == "restricted":
        body |= dict.fromkeys(_RESTRICTED, False) | {"is_member": True, "until_date": 0}
    elif status == "kicked":
        body["until_date"] = 0
    return body


def message_json(world: World, message: Message, *, nested: bool = True) -> Json:
    """A Message; the one it replies to is shown once, without its own."""
    chat = world.chats[message.chat_id]
    body: Json = {"message_id": message.id, "date": message.date, "chat": chat_json(world, chat)}
    if message.sender_id:
        body["from"] = user_of(world, message.sender_id)
    body |= message.body
    if message.edited is not None:
        body["edit_date"] = message.edited
    if message.keyboard:
        body["reply_markup"] = message.keyboard
    if message.thread_id is not None:
        body |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    replied = message.reply_to if message.reply_to is not None else message.thread_id
    if nested and replied is not None and replied != message.id:
        original = world.message(message.chat_id, replied)
        if original is not None:
            body["reply_to_message"] = message_json(world, original, nested=False)
    if message.quote:
        body["quote"] = message.quote
    return body
