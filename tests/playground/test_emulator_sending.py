"""Sending and editing: what is accepted, and Telegram's refusals word for word."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReactionTypeEmoji,
    ReplyParameters,
)
from PIL import Image

from bot.playground.people import ChatHandle, PersonHandle
from tests.support.emulator import RunningEmulator, running_emulator, telegram

__all__ = ["telegram"]


@pytest.fixture
async def bot(telegram: RunningEmulator) -> AsyncIterator[Bot]:
    bot = telegram.bot()
    yield bot
    await bot.session.close()


@pytest.fixture
async def ann(telegram: RunningEmulator) -> PersonHandle:
    return await telegram.person("Ann", username="ann_miller")


@pytest.fixture
async def chat(telegram: RunningEmulator, ann: PersonHandle) -> ChatHandle:
    chat = await telegram.private(ann)
    await ann.say(chat, "/start")
    return chat


def keyboard(data: str, text: str = "Press") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data)]])


def invented(model: Any) -> list[str]:
    """Fields that the Bot API does not know, at any depth."""
    found = list(getattr(model, "model_extra", None) or ())
    for name in getattr(type(model), "model_fields", ()):
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if hasattr(item, "model_fields_set"):
                found += invented(item)
    return found


async def test_a_reply_with_entities_comes_back_as_it_was_sent(
    bot: Bot, ann: PersonHandle, chat: ChatHandle
) -> None:
    asked = await ann.say(chat, "Що нового? 👀")
    sent = await bot.send_message(
        chat.id,
        "👍 bold https://example.test/x",
        entities=[MessageEntity(type="bold", offset=3, length=4)],
        reply_parameters=ReplyParameters(message_id=asked.id, quote="нового"),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=keyboard("x:1"),
    )
    assert [(e.type, e.offset, e.length) for e in sent.entities or []] == [("bold", 3, 4), ("url", 8, 22)]
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "Що нового? 👀"
    assert sent.quote is not None
    assert (sent.quote.text, sent.quote.position) == ("нового", 3)
    assert sent.link_preview_options is not None
    assert sent.link_preview_options.is_disabled
    assert invented(sent) == []


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("👍", MessageEntity(type="bold", offset=1, length=1)),
        ("abc", MessageEntity(type="bold", offset=1, length=3)),
        ("abc", MessageEntity(type="bold", offset=-1, length=2)),
        ("abc", MessageEntity(type="bold", offset=0, length=0)),
        ("abc", MessageEntity(type="shiny", offset=0, length=1)),
        ("abc", MessageEntity(type="text_link", offset=0, length=1)),
    ],
    ids=["half a pair", "beyond the end", "before the start", "empty", "unknown", "link without address"],
)
async def test_entities_that_do_not_fit_are_refused(
    bot: Bot, chat: ChatHandle, text: str, entity: MessageEntity
) -> None:
    with pytest.raises(TelegramBadRequest, match="can't parse entities"):
        await bot.send_message(chat.id, text, entities=[entity])


async def test_crossing_entities_are_refused_and_nested_ones_are_not(bot: Bot, chat: ChatHandle) -> None:
    outer = MessageEntity(type="bold", offset=0, length=4)
    with pytest.raises(TelegramBadRequest, match="overlaps"):
        await bot.send_message(
            chat.id, "abcdef", entities=[outer, MessageEntity(type="italic", offset=2, length=4)]
        )
    inner = MessageEntity(type="italic", offset=1, length=2)
    sent = await bot.send_message(chat.id, "abcdef", entities=[outer, inner])
    assert [e.type for e in sent.entities or []] == ["bold", "italic"]


async def test_trimming_moves_entities(bot: Bot, chat: ChatHandle) -> None:
    sent = await bot.send_message(
        chat.id, " \r\n 👍 yes \n", entities=[MessageEntity(type="bold", offset=7, length=3)]
    )
    assert sent.text == "👍 yes"
    assert [(e.offset, e.length) for e in sent.entities or []] == [(3, 3)]


async def test_length_counts_utf16_units_after_parsing(bot: Bot, chat: ChatHandle) -> None:
    assert (await bot.send_message(chat.id, "👍" * 2048)).text == "👍" * 2048
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(chat.id, "👍" * 2048 + "a")
    sent = await bot.send_message(chat.id, "<b>" + "a" * 4096 + "</b>", parse_mode="HTML")
    assert len(sent.text or "") == 4096


@pytest.mark.parametrize("text", ["", "  \n\t ", "<b> </b>"])
async def test_empty_text_is_refused(bot: Bot, chat: ChatHandle, text: str) -> None:
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(chat.id, text, parse_mode="HTML")


async def test_html(bot: Bot, chat: ChatHandle) -> None:
    source = '<b>a<i>б</i></b> &lt;x&gt; <pre><code class="language-py">1</code></pre> <a href="https://x.test/">z</a>'
    sent = await bot.send_message(chat.id, source, parse_mode="HTML")
    assert sent.text == "aб <x> 1 z"
    shown = [(e.type, e.offset, e.length, e.language, e.url) for e in sent.entities or []]
    assert shown == [
        ("bold", 0, 2, None, None),
        ("italic", 1, 1, None, None),
        ("pre", 7, 1, "py", None),
        ("text_link", 9, 1, None, "https://x.test/"),
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<b>x", "Can't find end tag"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", "Unmatched end tag"),
        ("я <blink>x</blink>", 'Unsupported start tag "blink" at byte offset 3'),
        ("1 < 2", "Unclosed start tag"),
    ],
)
async def test_bad_html_is_refused(bot: Bot, chat: ChatHandle, source: str, why: str) -> None:
    with pytest.raises(TelegramBadRequest, match=f"can't parse entities: {why}"):
        await bot.send_message(chat.id, source, parse_mode="HTML")


async def test_edits(bot: Bot, ann: PersonHandle, chat: ChatHandle, telegram: RunningEmulator) -> None:
    sent = await bot.send_message(chat.id, "one", reply_markup=keyboard("a"))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text(
            "one", chat_id=chat.id, message_id=sent.message_id, reply_markup=keyboard("a")
        )
    edited = await bot.edit_message_text("two", chat_id=chat.id, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.reply_markup is None, "a keyboard that is not given again goes away"
    assert edited.edit_date
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=chat.id, message_id=999)
    theirs = await ann.say(chat, "mine")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=chat.id, message_id=theirs.id)
    await bot.edit_message_reply_markup(
        chat_id=chat.id, message_id=sent.message_id, reply_markup=keyboard("b")
    )
    assert telegram.bot_messages(chat)[-1].buttons == [{"text": "Press", "callback_data": "b"}]
    await bot.delete_message(chat.id, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("three", chat_id=chat.id, message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(chat.id, sent.message_id)


async def test_replies_to_what_is_gone(bot: Bot, ann: PersonHandle, chat: ChatHandle) -> None:
    asked = await ann.say(chat, "never mind")
    await ann.delete(asked)
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(chat.id, "x", reply_parameters=ReplyParameters(message_id=asked.id))
    sent = await bot.send_message(
        chat.id,
        "x",
        reply_parameters=ReplyParameters(message_id=asked.id, allow_sending_without_reply=True),
    )
    assert sent.reply_to_message is None


@pytest.mark.parametrize("data", ["x" * 65, "я" * 33])
async def test_callback_data_has_sixty_four_bytes(bot: Bot, chat: ChatHandle, data: str) -> None:
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(chat.id, "x", reply_markup=keyboard(data))
    await bot.send_message(chat.id, "x", reply_markup=keyboard("я" * 32))


async def test_who_cannot_be_written_to(bot: Bot, telegram: RunningEmulator, ann: PersonHandle) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(12345, "x")
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(ann.id, "x")
    chat = await telegram.private(ann)
    await ann.say(chat, "/start")
    await ann.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(chat.id, "x")
    await ann.unblock()
    await bot.send_message(chat.id, "x")
    await ann.deactivate()
    with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
        await bot.send_message(chat.id, "x")
    borys = await telegram.person("Borys")
    group = await telegram.group("Camping", [borys], type="group")
    await group.remove(telegram.emu.main_bot.id)
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the group chat"):
        await bot.send_message(group.id, "x")


async def test_a_group_that_became_a_supergroup_says_where_it_went(
    bot: Bot, telegram: RunningEmulator, ann: PersonHandle
) -> None:
    group = await telegram.group("Camping", [ann], type="group")
    new = await group.upgrade()
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(group.id, "x")
    assert caught.value.migrate_to_chat_id == new.id
    assert str(new.id).startswith("-100")
    services = [u.message for u in await bot.get_updates() if u.message]
    assert services[-2].migrate_to_chat_id == new.id
    assert services[-1].migrate_from_chat_id == group.id
    assert services[-1].chat.id == new.id


async def test_topics(bot: Bot, telegram: RunningEmulator, ann: PersonHandle) -> None:
    forum = await telegram.group("Forum", [ann], is_forum=True)
    topic = await forum.topic("Tents")
    asked = await ann.say(forum, "who has one?", thread_id=topic)
    update = (await bot.get_updates())[-1].message
    assert update is not None
    assert (update.message_thread_id, update.is_topic_message) == (topic, True)
    assert update.reply_to_message is not None
    assert update.reply_to_message.forum_topic_created is not None, "topic messages hang on the topic's first"
    sent = await bot.send_message(
        forum.id, "Borys", message_thread_id=topic, reply_parameters=ReplyParameters(message_id=asked.id)
    )
    assert sent.is_topic_message
    general = await bot.send_message(forum.id, "in General")
    assert general.message_thread_id is None
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(forum.id, "x", message_thread_id=1)
    await forum.close_topic(topic)
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await bot.send_message(forum.id, "x", message_thread_id=topic)


async def test_reactions(bot: Bot, ann: PersonHandle, chat: ChatHandle) -> None:
    asked = await ann.say(chat, "thanks")
    await bot.set_message_reaction(chat.id, asked.id, [ReactionTypeEmoji(emoji="❤️")])
    assert asked.record.reactions == {7000000001: ["❤"]}
    with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
        await bot.set_message_reaction(chat.id, asked.id, [ReactionTypeEmoji(emoji="🧇")])
    await bot.set_message_reaction(chat.id, asked.id, [])
    assert asked.record.reactions == {}


async def test_photos_and_documents_travel_both_ways(bot: Bot, ann: PersonHandle, chat: ChatHandle) -> None:
    out = io.BytesIO()
    Image.new("RGB", (1600, 400), (200, 30, 30)).save(out, "PNG")
    photo = await ann.send(chat, "photo", out.getvalue(), caption="what is this?")
    update = (await bot.get_updates())[-1].message
    assert update is not None
    assert update.photo is not None
    assert [(p.width, p.height) for p in update.photo] == [(90, 22), (320, 80), (800, 200), (1280, 320)]
    data = await bot.download(update.photo[-1])
    assert data is not None
    with Image.open(data) as shown:
        assert shown.size == (1280, 320)
    sent = await bot.send_photo(chat.id, BufferedInputFile(out.getvalue(), "red.png"), caption="**red**")
    assert sent.photo
    assert sent.caption == "**red**"
    again = await bot.send_photo(chat.id, sent.photo[-1].file_id)
    assert again.photo
    assert again.photo[0].file_unique_id == sent.photo[-1].file_unique_id
    document = await bot.send_document(chat.id, BufferedInputFile(b"%PDF-1.4 x", "house.pdf"))
    assert document.document is not None
    assert document.document.file_name == "house.pdf"
    got = await bot.download(document.document)
    assert got is not None
    assert got.read() == b"%PDF-1.4 x"
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(chat.id, BufferedInputFile(b"no picture", "x.png"))
    assert photo.text == "what is this?"


async def test_raw_forms_of_a_request(telegram: RunningEmulator, chat: ChatHandle) -> None:
    address = telegram.method_url("sendmessage")
    async with aiohttp.ClientSession() as http:
        async with http.get(address, params={"chat_id": chat.id, "text": "[by] {query}"}) as response:
            assert (await response.json())["result"]["text"] == "[by] {query}"
        form = {"chat_id": str(chat.id), "text": "form"}
        form["entities"] = '[{"type":"bold","offset":0,"length":4}]'
        async with http.post(address, data=form) as response:
            assert (await response.json())["result"]["entities"][0]["type"] == "bold"
        async with http.post(address, json={"chat_id": chat.id, "text": "x", "txet": 1}) as response:
            assert (await response.json())["description"] == "Bad Request: sendMessage has no parameter txet"
        async with http.post(address, json={"chat_id": chat.id}) as response:
            assert (await response.json())["description"] == "Bad Request: message text is empty"
        async with http.post(address, data=b"{", headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400
        form["entities"] = "["
        async with http.post(address, data=form) as response:
            assert (await response.json())["description"] == "Bad Request: can't parse entities JSON object"
        async with http.get(telegram.method_url("flyToTheMoon")) as response:
            assert (response.status, (await response.json())["error_code"]) == (404, 404)
        async with http.get(f"{telegram.telegram_url}/bot1:wrong/getMe") as response:
            assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
        async with http.get(f"{telegram.telegram_url}/file/bot1:wrong/photos/file_1.jpg") as response:
            assert response.status == 401


async def test_a_wrong_token_reaches_aiogram_as_unauthorized(telegram: RunningEmulator) -> None:
    stranger = RunningEmulator(telegram.emu, telegram.base, "7000000001:another-token").bot()
    try:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()
    finally:
        await stranger.session.close()


async def test_limits() -> None:
    async with running_emulator(limits=True) as running:
        bot = running.bot()
        try:
            ann = await running.person("Ann")
            chat = await running.private(ann)
            await ann.say(chat, "/start")
            sent = [await bot.send_message(chat.id, f"{n}") for n in range(5)]
            with pytest.raises(TelegramRetryAfter) as caught:
                await bot.edit_message_text("x", chat_id=chat.id, message_id=sent[0].message_id)
            assert caught.value.retry_after == 1
            assert len(running.bot_messages(chat)) == 5
            assert not running.bot_messages(chat)[0].edited, "a refused edit leaves nothing"
            for number in range(5):
                await bot.send_message_draft(chat.id, 1, text=f"{number}")
            with pytest.raises(TelegramRetryAfter):
                await bot.send_message_draft(chat.id, 1, text="one frame too many")
        finally:
            await bot.session.close()
