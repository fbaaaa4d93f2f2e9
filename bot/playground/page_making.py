"""The page API's making half: people, chats, members with their roles, and topics."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from pydantic import Field

from bot.playground.emulator.core import Emulator
from bot.playground.page_doing import Acting, PageBody
from bot.playground.page_state import chat_state
from bot.playground.people import rooms, topics
from bot.playground.people.permits import chat_for, check_change, check_topic_keeper
from bot.playground.records import Chat, ChatType, Status
from bot.playground.store import Json


class NewPerson(PageBody):
    """A person to make."""

    first_name: str = Field(min_length=1)
    last_name: str = ""
    username: str = ""
    language_code: str = ""


class NewChat(PageBody):
    """A private chat of `person`, or a group of `members` of whom the first is its creator."""

    person: int | None = None
    title: str = ""
    type: ChatType = "supergroup"
    members: list[int] = Field(default_factory=list)
    with_bot: bool = True
    is_forum: bool = False


class NewMember(PageBody):
    """Somebody to let in or to give a role; `by` is who does it."""

    person: int
    by: int
    status: Status = "member"


class NewTopic(Acting):
    """A topic to open."""

    name: str = Field(min_length=1, max_length=128)


class NewClosing(Acting):
    """A topic to close, or to open again."""

    closed: bool


class NewBlock(Acting):
    """Block or unblock the bot."""

    blocked: bool


def add_making_routes(router: APIRouter, emu: Emulator) -> None:
    """People, chats and members."""

    @router.post("/people", status_code=201)
    async def people(new: NewPerson) -> Json:
        person = await rooms.add_person(emu, **new.model_dump())
        await rooms.private_chat(emu, person.id)
        return vars(person)

    @router.post("/chats", status_code=201)
    async def chats(new: NewChat) -> Json:
        return chat_state(emu, emu.world.chats[await _make_chat(emu, new)])

    @router.post("/chats/{chat_id}/members", status_code=201)
    async def change_member(chat_id: int, new: NewMember) -> Json:
        return chat_state(emu, await _set_status(emu, chat_id, new.person, new.status, new.by))

    @router.delete("/chats/{chat_id}/members/{person}")
    async def remove_member(chat_id: int, person: int, by: int) -> Json:
        status: Status = "left" if by == person else "kicked"
        return chat_state(emu, await _set_status(emu, chat_id, person, status, by))

    @router.post("/chats/{chat_id}/block", status_code=204)
    async def block(chat_id: int, new: NewBlock) -> None:
        if chat_id != new.sender:
            raise HTTPException(404, "this is somebody else's private chat")
        await rooms.set_blocked(emu, new.sender, new.blocked)

    @router.post("/chats/{chat_id}/upgrade", status_code=201)
    async def upgrade(chat_id: int, new: Acting) -> Json:
        chat, person = chat_for(emu, chat_id, new.sender)
        check_change(chat, emu.main_bot.id, "administrator", person.id)
        return chat_state(emu, await rooms.upgrade(emu, chat.id, person.id))


def add_topic_routes(router: APIRouter, emu: Emulator) -> None:
    """Topics of forums."""

    @router.post("/chats/{chat_id}/topics", status_code=201)
    async def add_topic(chat_id: int, new: NewTopic) -> Json:
        chat_for(emu, chat_id, new.sender)
        return {"thread_id": await topics.add_topic(emu, chat_id, new.name.strip(), new.sender)}

    @router.post("/chats/{chat_id}/topics/{thread_id}/closed", status_code=204)
    async def close_topic(chat_id: int, thread_id: int, new: NewClosing) -> None:
        chat, person = chat_for(emu, chat_id, new.sender)
        check_topic_keeper(chat, thread_id, person)
        await topics.set_closed(emu, chat_id, thread_id, new.sender, new.closed)


async def _make_chat(emu: Emulator, new: NewChat) -> int:
    if new.person is not None:
        if new.person not in emu.world.people:
            raise HTTPException(404, "there is no such person")
        return (await rooms.private_chat(emu, new.person)).id
    if not new.title.strip() or not new.members or new.type == "private":
        raise HTTPException(422, "a group needs a title and members")
    if not set(new.members) <= emu.world.people.keys():
        raise HTTPException(404, "there is no such person")
    statuses: dict[int, Status] = dict.fromkeys(new.members, "member")
    statuses[new.members[0]] = "creator"
    # Telegram makes a supergroup of a group that gets topics.
    kind: ChatType = "supergroup" if new.is_forum else new.type
    chat = await rooms.add_group(emu, new.title.strip(), statuses, type=kind, is_forum=new.is_forum)
    if new.with_bot:
        await rooms.set_status(emu, chat.id, emu.main_bot.id, "member", new.members[0])
    return chat.id


async def _set_status(emu: Emulator, chat_id: int, person: int, status: Status, by: int) -> Chat:
    users = emu.world.people.keys() | emu.world.bots.keys()
    chat = emu.world.chats.get(chat_id)
    if chat is None or person not in users or by not in users:
        raise HTTPException(404, "there is no such chat or person")
    check_change(chat, person, status, by)
    return await rooms.set_status(emu, chat_id, person, status, by)
