"""The commands, as people send them."""

from __future__ import annotations

from bot.playground.emulator import Fault
from bot.playground.people import ChatHandle
from tests.telegram.conftest import Stage


async def said(stage: Stage, chat: ChatHandle) -> list[str]:
    """What the bot has said in the chat once everything is handled."""
    await stage.settle()
    return [message.text for message in stage.telegram.bot_messages(chat)]


async def test_start_greets_in_the_persons_language(stage: Stage) -> None:
    oksana = await stage.telegram.person("Оксана", language="uk")
    chat = await stage.telegram.private(oksana)
    await oksana.say(chat, "/start")
    assert (await said(stage, chat))[0].startswith("Вітаю, Оксана! Я Mnema.")
    assert stage.below.turns.received == []


async def test_a_start_code_makes_the_owner(stage: Stage) -> None:
    stage.below.access.decision = "stranger"
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "/start wrong")
    await ann.say(chat, "/start secret-code")
    texts = await said(stage, chat)
    assert texts[0].startswith("Sorry, this bot is private")
    assert texts[1].startswith("Welcome! From now on this bot listens to you")
    assert stage.below.access.owners == {str(ann.id)}


async def test_a_stranger_gets_one_clear_word_and_leaves_no_trace(stage: Stage) -> None:
    stage.below.access.decision = "stranger"
    stage.below.turns.outcome = "stranger"
    eve = await stage.telegram.person("Eve")
    chat = await stage.telegram.private(eve)
    for text in ("hello", "/memories", "/help", "are you there?"):
        await eve.say(chat, text)
    assert await said(stage, chat) == ["Sorry, this bot is private. Ask its owner to let you in."]
    assert stage.below.turns.replies == {}


async def test_help_lists_what_the_menu_holds(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "/help")
    (text,) = await said(stage, chat)
    for name in ("help", "memories", "new", "clear", "stop", "start"):
        assert f"/{name} — " in text


async def test_new_takes_a_title_and_clear_says_what_is_kept(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "/new Trip to\n Lviv")
    await ann.say(chat, "/clear")
    texts = await said(stage, chat)
    assert texts[0].startswith("A new conversation: Trip to Lviv.")
    assert texts[1].startswith("Cleared:")
    assert [(name, title) for name, _, _, title in stage.below.conversations.calls] == [
        ("new", "Trip to Lviv"),
        ("clear", None),
    ]


async def test_in_groups_only_admins_end_a_conversation(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    borys = await stage.telegram.person("Borys")
    group = await stage.telegram.group("Camping", [ann, borys])
    await stage.settle()
    refused = await borys.say(group, "/clear")
    allowed = await ann.say(group, "/new")
    await stage.settle()
    assert (await stage.telegram.wait_reply(refused)).text == "In groups only admins can do that."
    assert (await stage.telegram.wait_reply(allowed)).text.startswith("A new conversation.")
    assert [name for name, *_ in stage.below.conversations.calls] == ["new"]


async def test_an_anonymous_admin_is_asked_for_a_name(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    question = await ann.say(group, "/clear", anonymous=True)
    await stage.settle()
    assert "under your own name" in (await stage.telegram.wait_reply(question)).text
    assert stage.below.conversations.calls == []


async def test_stop_halts_and_says_so_only_when_there_is_nothing(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    stage.below.turns.running = 1
    await ann.say(chat, "/stop")
    assert await said(stage, chat) == []
    stage.below.turns.running = 0
    await ann.say(chat, "/stop")
    assert (await said(stage, chat))[0].startswith("There is nothing to stop")
    assert [person.external_id for _, person in stage.below.turns.stops] == [str(ann.id)] * 2


async def test_a_command_for_another_bot_is_only_recorded(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    await ann.say(group, "/help@other_bot")
    await ann.say(group, "/weather Kyiv")
    await ann.say(group, "/help@mnema_bot")
    await stage.settle()
    assert [i.addressed for i in stage.below.turns.received] == [None, None]
    assert len(stage.telegram.bot_messages(group)) == 2  # the greeting and the help


async def test_a_command_handled_twice_is_answered_once(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "/help")
    await stage.settle()
    await stage.face.handle_update(stage.below.jobs[0].payload, 1)
    assert len(stage.telegram.bot_messages(chat)) == 1


async def test_memories_of_nobody(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "/memories")
    assert (await said(stage, chat))[0].startswith("I remember nothing about you yet.")


async def test_memories_asked_for_in_a_group_go_to_the_private_chat(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    private = await stage.telegram.private(ann)
    await ann.say(private, "/start")
    group = await stage.telegram.group("Camping", [ann])
    stage.below.memories.give(ann.id, "Ann has a dog called Rex")
    question = await ann.say(group, "/memories")
    await stage.settle()
    assert (await stage.telegram.wait_reply(question)).text == "I have sent it to you privately."
    assert "Rex" in stage.telegram.bot_messages(private)[-1].text
    assert not any("Rex" in message.text for message in stage.telegram.bot_messages(group))


async def test_memories_of_someone_who_never_started_the_bot(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    question = await ann.say(group, "/memories")
    await stage.settle()
    reply = await stage.telegram.wait_reply(question)
    assert reply.text.startswith("I may not write to you privately yet.")
    assert reply.buttons[0]["url"] == "https://t.me/mnema_bot?start=memories"
    private = await stage.telegram.private(ann)
    await ann.say(private, "/start memories")
    await stage.telegram.wait_message(private, contains="I remember nothing about you yet.")


async def test_a_blocked_bot_does_not_fail_the_update(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    refusal = Fault.refusal(403, "Forbidden: bot was blocked by the user")
    stage.telegram.emu.faults.add("sendMessage", refusal)
    await ann.say(chat, "/help")
    await ann.say(chat, "/help")
    assert len(await said(stage, chat)) == 1
