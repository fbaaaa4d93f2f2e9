"""The page API's acting half: what people write, send and do with messages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from bot.playground.emulator.core import Emulator
from bot.playground.emulator.errors import ActionRefused
from bot.playground.emulator.files import Upload
from bot.playground.people import acting, buttons
from bot.playground.people.permits import chat_for
from bot.playground.store import Json


class PageBody(BaseModel):
    """A request body that holds nothing unknown."""

    model_config = ConfigDict(extra="forbid")


class Acting(PageBody):
    """Something that a person does; `from` is the person's id."""

    sender: int = Field(alias="from")


class NewMessage(Acting):
    """Where a message goes: its topic, what it replies to, and whether the group itself says it."""

    reply_to: int | None = None
    thread_id: int | None = None
    anonymous: bool = False


class NewText(NewMessage):
    """A text to send."""

    text: str
    quote: str | None = None


class Location(PageBody):
    """A place on the map, in degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Contact(PageBody):
    """A telephone number and whose it is."""

    phone_number: str = Field(min_length=1, max_length=32)
    first_name: str = Field(min_length=1, max_length=64)
    last_name: str = Field("", max_length=64)


class NewContent(NewMessage):
    """A location or a contact to send."""

    location: Location | None = None
    contact: Contact | None = None


class NewUpload(BaseModel):
    """The fields that come with files; `kind` says how a single one is sent."""

    sender: int = Field(alias="from")
    caption: str = ""
    reply_to: int | None = None
    thread_id: int | None = None
    anonymous: bool = False
    kind: Literal["document", "voice", "sticker"] = "document"
    duration: int = 1
    emoji: str = "🙂"
    photo: list[UploadFile] = Field(default_factory=list)
    file: UploadFile | None = None


class NewEdit(Acting):
    """Another text for one's own message."""

    text: str


class NewPress(Acting):
    """A button to press, by its callback data."""

    data: str


class NewForward(Acting):
    """A message to forward to the chat `to`."""

    to: int
    thread_id: int | None = None


class NewReaction(Acting):
    """A reaction; null takes it back."""

    emoji: str | None = None


class NewStop(Acting):
    """Stop under a draft; the newest if none is named."""

    draft_id: int | None = None


def add_acting_routes(router: APIRouter, emu: Emulator) -> None:
    """What people write and send."""

    @router.post("/chats/{chat_id}/messages", status_code=201)
    async def say(chat_id: int, new: NewText) -> Json:
        place = new.model_dump(exclude={"sender", "text"})
        sent = await acting.say(emu, chat_id, new.sender, new.text, **place)
        return {"messages": [emu.page_message(message) for message in sent]}

    @router.post("/chats/{chat_id}/content", status_code=201)
    async def content(chat_id: int, new: NewContent) -> Json:
        body = new.model_dump(include={"location", "contact"}, exclude_none=True)
        if not body:
            raise ActionRefused("there is nothing to send", "empty")
        place = new.model_dump(include={"reply_to", "thread_id", "anonymous"})
        return {"messages": [emu.page_message(await acting.post(emu, chat_id, new.sender, body, **place))]}

    add_upload_routes(router, emu)


def add_upload_routes(router: APIRouter, emu: Emulator) -> None:
    """Pictures, albums, files, voice notes and stickers."""

    @router.post("/chats/{chat_id}/photos", status_code=201)
    async def photos(chat_id: int, new: Annotated[NewUpload, Form()]) -> Json:
        chat_for(emu, chat_id, new.sender)
        data = [await part.read() for part in new.photo]
        place = new.model_dump(include={"reply_to", "thread_id", "anonymous"})
        if len(data) > 1:
            sent = await acting.send_album(emu, chat_id, new.sender, data, new.caption, **place)
        elif data:
            body = await acting.media_body(emu, "photo", Upload(data[0]), new.caption)
            sent = [await acting.post(emu, chat_id, new.sender, body, **place)]
        else:
            raise ActionRefused("there is nothing to send", "empty")
        return {"messages": [emu.page_message(message) for message in sent]}

    @router.post("/chats/{chat_id}/files", status_code=201)
    async def files(chat_id: int, new: Annotated[NewUpload, Form()]) -> Json:
        chat_for(emu, chat_id, new.sender)
        if new.file is None:
            raise ActionRefused("there is nothing to send", "empty")
        upload = Upload(await new.file.read(), new.file.filename or "file", new.file.content_type or "")
        about = {"duration": new.duration, "emoji": new.emoji}
        body = await acting.media_body(emu, new.kind, upload, new.caption, about)
        place = new.model_dump(include={"reply_to", "thread_id", "anonymous"})
        return {"messages": [emu.page_message(await acting.post(emu, chat_id, new.sender, body, **place))]}


def add_changing_routes(router: APIRouter, emu: Emulator) -> None:
    """What people do with messages that are there."""

    @router.post("/chats/{chat_id}/messages/{message_id}/edit")
    async def edit(chat_id: int, message_id: int, new: NewEdit) -> Json:
        return emu.page_message(await acting.edit(emu, chat_id, message_id, new.sender, new.text))

    @router.post("/chats/{chat_id}/messages/{message_id}/forward", status_code=201)
    async def forward(chat_id: int, message_id: int, new: NewForward) -> Json:
        chat_for(emu, chat_id, new.sender)
        original = emu.world.message(chat_id, message_id)
        if original is None:
            raise ActionRefused("the message is gone", "gone")
        sent = await acting.forward(emu, original, new.to, new.sender, thread_id=new.thread_id)
        return emu.page_message(sent)

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
