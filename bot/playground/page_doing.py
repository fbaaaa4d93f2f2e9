"""The writing half of the page API: acting as people, making people and chats, ordering faults."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.faults import Fault, Kind
from bot.playground.emulator.files import Upload
from bot.playground.page_state import chat_state
from bot.playground.people import acting, buttons, rooms
from bot.playground.records import Chat, ChatType, Status
from bot.playground.store import Json


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Acting(_Body):
    """Something that a person does; `from` is the person's id."""

    sender: int = Field(alias="from")


class NewText(_Acting):
    """A text to send."""

    text: str
    reply_to: int | None = None
    quote: str | None = None
    thread_id: int | None = None


class NewEdit(_Acting):
    """Another text for one's own message."""

    text: str


class NewPress(_Acting):
    """A button to press, by its callback data."""

    data: str


class NewForward(_Acting):
    """A message to forward to the chat `to`."""

    to: int


class NewReaction(_Acting):
    """A reaction; null takes it back."""

    emoji: str | None = None


class NewBlock(_Acting):
    """Block or unblock the bot."""

    blocked: bool


class NewStop(_Acting):
    """Stop under a draft; the newest if none is named."""

    draft_id: int | None = None


class NewPerson(_Body):
    """A person to make."""

    first_name: str = Field(min_length=1)
    last_name: str = ""
    username: str = ""
    language_code: str = ""


class NewChat(_Body):
    """A private chat of `person`, or a group of `members` of whom the first is its creator."""

    person: int | None = None
    title: str = ""
    type: ChatType = "supergroup"
    members: list[int] = []
    with_bot: bool = True
    is_forum: bool = False


class NewMember(_Body):
    """Somebody to let in or to give a role; `by` is who does it."""

    person: int
    by: int
    status: Status = "member"


class NewFault(_Body):
    """A fault to order, as `Fault` and `Faults.add` describe it."""

    method: str
    kind: Kind
    accepted: bool = False
    status: int = 200
    body: str = ""
    seconds: float = 0.0
    chat_id: int | None = None
    times: int | None = 1


class NewLimits(_Body):
    """Telegram's sending limits on or off."""

    enabled: bool


def add_acting_routes(router: APIRouter, emu: Emulator) -> None:
    """What people write and send."""

    @router.post("/chats/{chat_id}/messages", status_code=201)
    async def say(chat_id: int, new: NewText) -> Json:
        sent = await acting.say(
            emu,
            chat_id,
            new.sender,
            new.text,
            reply_to=new.reply_to,
            quote=new.quote,
            thread_id=new.thread_id,
        )
        return {"messages": [emu.page_message(message) for message in sent]}

    @router.post("/chats/{chat_id}/photos", status_code=201)
    async def photos(
        chat_id: int,
        sender: Annotated[int, Form(alias="from")],
        photo: Annotated[list[UploadFile], File()],
        caption: Annotated[str, Form()] = "",
        reply_to: Annotated[int | None, Form()] = None,
    ) -> Json:
        data = [await part.read() for part in photo]
        if len(data) > 1:
            sent = await acting.send_album(emu, chat_id, sender, data, caption)
        else:
            body = await acting.media_body(emu, "photo", Upload(data[0]), caption)
            sent = [await acting.post(emu, chat_id, sender, body, reply_to=reply_to)]
        return {"messages": [emu.page_message(message) for message in sent]}

    @router.post("/chats/{chat_id}/files", status_code=201)
    async def files(
        chat_id: int,
        sender: Annotated[int, Form(alias="from")],
        file: Annotated[UploadFile, File()],
        kind: Annotated[Literal["document", "voice", "sticker"], Form()] = "document",
        caption: Annotated[str, Form()] = "",
    ) -> Json:
        upload = Upload(await file.read(), file.filename or "file", file.content_type or "")
        body = await acting.media_body(emu, kind, upload, caption)
        return {"messages": [emu.page_message(await acting.post(emu, chat_id, sender, body))]}


def add_changing_routes(router: APIRouter, emu: Emulator) -> None:
    """What people do with messages that are there."""

    @router.post("/chats/{chat_id}/messages/{message_id}/edit")
    async def edit(chat_id: int, message_id: int, new: NewEdit) -> Json:
        return emu.page_message(await acting.edit(emu, chat_id, message_id, new.sender, new.text))

    @router.post("/chats/{chat_id}/messages/{message_id}/forward", status_code=201)
    async def forward(chat_id: int, message_id: int, new: NewForward) -> Json:
        acting.chat_for(emu, chat_id, new.sender)
        original = emu.world.message(chat_id, message_id)
        if original is None:
            raise HTTPException(404, "the message is gone")
        return emu.page_message(await acting.forward(emu, original, new.to, new.sender))

    @router.post("/chats/{chat_id}/messages/{message_id}/reaction", status_code=204)
    async def react(chat_id: int, message_id: int, new: NewReaction) -> None:
        await acting.react(emu, chat_id, message_id, new.sender, new.emoji)

    @router.delete("/chats/{chat_id}/messages/{message_id}", status_code=204)
    async def delete(chat_id: int, message_id: int, person: int) -> None:
        await acting.delete(emu, chat_id, message_id, person)

    @router.post("/messages/{chat_id}/{message_id}/press")
    async def press(chat_id: int, message_id: int, new: NewPress) -> Json:
        query = await buttons.press(emu, chat_id, message_id, new.sender, new.data)
        return {"query_id": query.id, "answer": await buttons.answer_of(emu, query.id, 10.0)}

    @router.post("/chats/{chat_id}/stop")
    async def stop(chat_id: int, new: NewStop) -> Json:
        return {"draft_id": await buttons.stop_draft(emu, chat_id, new.sender, new.draft_id)}


def add_making_routes(router: APIRouter, emu: Emulator) -> None:
    """People, chats, members, and what goes wrong on order."""

    @router.post("/people", status_code=201)
    async def people(new: NewPerson) -> Json:
        person = await rooms.add_person(emu, **new.model_dump())
        await rooms.private_chat(emu, person.id)
        return vars(person)

    @router.post("/chats", status_code=201)
    async def chats(new: NewChat) -> Json:
        return chat_state(emu, emu.world.chats[await _make_chat(emu, new)])

    @router.post("/chats/{chat_id}/members", status_code=201)
    async def add_member(chat_id: int, new: NewMember) -> Json:
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

    @router.post("/faults", status_code=201)
    async def order_fault(new: NewFault) -> None:
        fault = Fault(new.kind, new.accepted, new.status, new.body, new.seconds)
        emu.faults.add(new.method, fault, chat_id=new.chat_id, times=new.times)

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        emu.faults.clear()

    @router.put("/limits", status_code=204)
    async def limits(new: NewLimits) -> None:
        emu.limits.enabled = new.enabled


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
    chat = await rooms.add_group(emu, new.title.strip(), statuses, type=new.type, is_forum=new.is_forum)
    if new.with_bot:
        await rooms.set_status(emu, chat.id, emu.main_bot.id, "member", new.members[0])
    return chat.id


async def _set_status(emu: Emulator, chat_id: int, person: int, status: Status, by: int) -> Chat:
    users = emu.world.people.keys() | emu.world.bots.keys()
    if chat_id not in emu.world.chats or person not in users or by not in users:
        raise HTTPException(404, "there is no such chat or person")
    return await rooms.set_status(emu, chat_id, person, status, by)
