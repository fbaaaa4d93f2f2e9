"""People: buttons, drafts, groups, privacy, forwards, the ledger, waiting."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageOriginHiddenUser,
    MessageOriginUser,
    ReplyParameters,
)
from PIL import Image
from pydantic import ValidationError

from bot.playground.emulator import ActionRefused
from tests.support.emulator import RunningEmulator, running_emulator, telegram

__all__ = ["telegram"]


@pytest.fixture
async def bot(telegram: RunningEmulator) -> AsyncIterator[Bot]:
    bot = telegram.bot()
    yield bot
    await bot.session.close()


async def fetch(bot: Bot) -> list[Message]:
    """The messages of all waiting updates, which are confirmed by it."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message for update in updates if update.message is not None]


async def test_a_pressed_button_and_its_answer(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    asked = await ann.say(chat, "/memories")
    row = [InlineKeyboardButton(text="Delete 🗑", callback_data="m:del:7")]
    sent = await bot.send_message(
        chat.id, "1. likes tea", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row])
    )
    shown = telegram.bot_messages(chat)[-1]
    press = await ann.press(shown, "delete")
    query = (await bot.get_updates())[-1].callback_query
    assert isinstance(query, CallbackQuery)
    assert query.data == "m:del:7"
    assert query.from_user.id == ann.id
    assert isinstance(query.message, Message)
    assert query.message.reply_markup is not None
    await bot.edit_message_text("deleted", chat_id=chat.id, message_id=sent.message_id)
    await bot.answer_callback_query(query.id, text="Gone", show_alert=True)
    assert await press.answer() == {"text": "Gone", "show_alert": True, "url": ""}
    assert [action.kind for action in press.entry.actions] == ["edit", "callback_answer"]
    assert asked.entry.sent == [sent.message_id]
    with pytest.raises(ActionRefused):
        await ann.press(shown, "delete")
    stale = await ann.press(shown, "m:del:7", stale=True)
    assert stale.query_id != press.query_id
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
        await bot.answer_callback_query("12345")


async def test_drafts_and_stop(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    asked = await ann.say(chat, "tell me a story")
    await bot.send_message_draft(chat.id, 7, text="Once", can_stop=True)
    await bot.send_message_draft(chat.id, 7, text="Once upon", can_stop=True)
    assert telegram.emu.world.drafts[(chat.id, 7)].text == "Once upon"
    assert await ann.stop(chat) == 7
    stopped = (await bot.get_updates())[-1].stopped_message_generation
    assert stopped is not None
    assert (stopped.chat.id, stopped.draft_id) == (chat.id, 7)
    await bot.send_message_draft(chat.id, 7, text="Once upon a time", can_stop=True)
    assert telegram.emu.world.drafts[(chat.id, 7)].text == "Once upon", "frames after Stop are not shown"
    await bot.send_message(chat.id, "Once upon (stopped)")
    assert not telegram.emu.world.drafts
    assert [action.kind for action in asked.entry.actions] == ["draft", "draft", "draft", "send"]


async def test_groups_come_and_go(bot: Bot, telegram: RunningEmulator) -> None:
    ann, borys = await telegram.person("Ann"), await telegram.person("Borys")
    group = await telegram.group("Camping", [ann, borys], bot=None)
    await ann.say(group, "the bot is not here yet")
    await group.add(telegram.emu.main_bot.id, by=ann)
    added, service = await bot.get_updates()
    assert added.my_chat_member is not None
    assert added.my_chat_member.from_user.id == ann.id
    assert added.my_chat_member.old_chat_member.status == "left"
    assert added.my_chat_member.new_chat_member.status == "member"
    assert service.message is not None
    assert [user.id for user in service.message.new_chat_members or []] == [bot.id]
    assert await bot.get_chat_member_count(group.id) == 3
    assert (await bot.get_chat_member(group.id, ann.id)).status == "creator"
    assert [admin.user.id for admin in await bot.get_chat_administrators(group.id)] == [ann.id]
    assert (await bot.get_chat(group.id)).title == "Camping"
    await group.add(telegram.emu.main_bot.id, "administrator", by=ann)
    assert (await bot.get_chat_member(group.id, bot.id)).status == "administrator"
    await group.remove(borys, by=ann)
    assert (await fetch(bot))[-1].left_chat_member is not None
    with pytest.raises(ActionRefused, match="not a member"):
        await borys.say(group, "hey")
    await bot.leave_chat(group.id)
    await ann.say(group, "alone")
    assert await fetch(bot) == []


async def test_privacy_mode_hides_what_is_not_for_the_bot() -> None:
    async with running_emulator(privacy=True) as running:
        bot = running.bot()
        try:
            ann, borys = await running.person("Ann"), await running.person("Borys")
            group = await running.group("Camping", [ann, borys])
            await fetch(bot)
            assert (await bot.get_me()).can_read_all_group_messages is False
            await ann.say(group, "just chatting about mnema")
            await ann.say(group, "hey @Mnema_Bot, hello")
            await ann.say(group, "/help@other_bot")
            await ann.say(group, "/help")
            sent = await bot.send_message(group.id, "yes?")
            own = running.bot_messages(group)[-1]
            assert own.id == sent.message_id
            await borys.say(group, "a reply", reply_to=own)
            await borys.say(group, "no reply")
            texts = [message.text for message in await fetch(bot)]
            assert texts == ["hey @Mnema_Bot, hello", "/help", "a reply"]
        finally:
            await bot.session.close()


async def test_what_people_send(bot: Bot, telegram: RunningEmulator) -> None:
    ann, borys = await telegram.person("Ann"), await telegram.person("Borys")
    chat = await telegram.private(ann)
    group = await telegram.group("Camping", [ann, borys])
    said = await borys.say(group, "I bring the tent, see https://example.test/tent. #tents")
    await ann.forward(said, chat)
    await ann.forward(said, chat, hidden="Somebody")
    await ann.say(chat, "довге " * 1000)
    await ann.say(group, "the group says", anonymous=True)
    edited = await borys.say(group, "tpyo")
    await borys.edit(edited, "typo")
    await ann.send(chat, "voice", b"OggS", duration=3)
    await ann.send(chat, "sticker", b"RIFF", emoji="🔥")
    updates = await bot.get_updates()
    messages = [update.message for update in updates if update.message is not None][1:]
    kinds = [(e.type, e.extract_from(messages[0].text or "")) for e in messages[0].entities or []]
    assert kinds == [("url", "https://example.test/tent"), ("hashtag", "#tents")]
    assert isinstance(messages[1].forward_origin, MessageOriginUser)
    assert messages[1].forward_origin.sender_user.id == borys.id
    assert isinstance(messages[2].forward_origin, MessageOriginHiddenUser)
    parts = messages[3:5]
    assert [len(part.text or "") for part in parts] == [4091, 1907]
    assert messages[5].sender_chat is not None
    assert messages[5].sender_chat.id == group.id
    assert messages[5].from_user is not None
    assert messages[5].from_user.id == 1087968824
    changed = next(update.edited_message for update in updates if update.edited_message)
    assert changed is not None
    assert (changed.text, bool(changed.edit_date)) == ("typo", True)
    assert messages[-2].voice is not None
    assert messages[-1].sticker is not None
    assert messages[-1].sticker.emoji == "🔥"


async def test_a_client_splits_a_very_long_text(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    source = "👍🏽 слово\n" * 12_000 + "x" * 9000
    await ann.say(chat, source)
    texts = [message.text or "" for message in await fetch(bot)]
    assert "".join(texts).replace("\n", "") == source.replace("\n", "")
    assert max(len(text.encode("utf-16-le")) // 2 for text in texts) <= 4096
    assert len(texts) < 50


async def test_any_content_of_the_bot_api(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    await ann.post(chat, {"location": {"latitude": 49.84, "longitude": 24.03}})
    location = (await fetch(bot))[-1].location
    assert location is not None
    assert location.latitude == 49.84
    with pytest.raises(ValidationError):
        await ann.post(chat, {"location": {"latitude": "north"}})


async def test_albums(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    out = io.BytesIO()
    Image.new("RGB", (40, 40)).save(out, "JPEG")
    await ann.album(chat, [out.getvalue()] * 3, "three of them")
    messages = await fetch(bot)
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["three of them", None, None]


async def test_the_ledger_tells_what_was_done_for_whom(bot: Bot, telegram: RunningEmulator) -> None:
    ann, borys = await telegram.person("Ann"), await telegram.person("Borys")
    group = await telegram.group("Camping", [ann, borys])
    first = await ann.say(group, "who brings the tent?")
    second = await borys.say(group, "and the stove?")
    await bot.send_chat_action(group.id, "typing")
    to_first = await bot.send_message(
        group.id, "Borys", reply_parameters=ReplyParameters(message_id=first.id)
    )
    loose = await bot.send_message(group.id, "Chen")
    for text in ("Borys does", "Borys does."):
        await bot.edit_message_text(text, chat_id=group.id, message_id=to_first.message_id)
    with pytest.raises(TelegramBadRequest):
        await bot.edit_message_text("Borys does.", chat_id=group.id, message_id=to_first.message_id)
    assert first.entry.sent == [to_first.message_id]
    assert first.entry.edits == 2, "an edit that changed nothing is none"
    assert second.entry.sent == [loose.message_id]
    assert [action.kind for action in second.entry.actions] == ["chat_action", "send"]
    assert [entry.text for entry in telegram.ledger(group)] == ["who brings the tent?", "and the stove?"]
    assert [request.status for request in telegram.calls("editMessageText")] == [200, 200, 400]


async def test_a_loose_message_is_for_the_latest_unanswered(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    first, second = await ann.say(chat, "a long question"), await ann.say(chat, "/help")
    helped = await bot.send_message(chat.id, "Here is help")
    answered = await bot.send_message(chat.id, "A long answer")
    more = await bot.send_message(chat.id, "and its second part")
    assert second.entry.sent == [helped.message_id, more.message_id], "all answered: the newest takes it"
    assert first.entry.sent == [answered.message_id]


async def test_wait_reply_waits_for_the_last_edit(bot: Bot, telegram: RunningEmulator) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    asked = await ann.say(chat, "count")

    async def answer() -> None:
        sent = await bot.send_message(chat.id, "1")
        for text in ("1 2", "1 2 3"):
            await asyncio.sleep(0.1)
            await bot.edit_message_text(text, chat_id=chat.id, message_id=sent.message_id)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answer())
        quick = await telegram.wait_reply(asked, settled=0, contains="1")
        assert quick.text == "1"
        settled = await telegram.wait_reply(asked, settled=0.25)
        assert settled.text == "1 2 3"
    with pytest.raises(TimeoutError, match="1 2 3"):
        await telegram.wait_reply(asked, contains="4", timeout=0.2)


async def test_commands_by_scope_and_language(bot: Bot) -> None:
    help_en = [BotCommand(command="help", description="Help")]
    help_uk = [BotCommand(command="help", description="Допомога")]
    await bot.set_my_commands(help_en)
    await bot.set_my_commands(help_uk, scope=BotCommandScopeAllPrivateChats(), language_code="uk")
    found = await bot.get_my_commands()
    assert [(command.command, command.description) for command in found] == [("help", "Help")]
    found = await bot.get_my_commands(scope=BotCommandScopeAllPrivateChats(), language_code="uk")
    assert [command.description for command in found] == ["Допомога"]
    assert await bot.get_my_commands(scope=BotCommandScopeAllPrivateChats()) == []
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == []
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Help!", description="x")])
    await bot.set_my_description("Remembers", language_code="uk")
    assert (await bot.get_my_description(language_code="uk")).description == "Remembers"
    assert (await bot.get_my_name()).name == "Mnema"
