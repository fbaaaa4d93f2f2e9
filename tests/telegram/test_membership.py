"""The bot comes into groups, waits for approval, and leaves."""

from __future__ import annotations

from tests.telegram.conftest import Stage


async def test_a_group_is_greeted_and_told_what_is_recorded(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    greeting = await stage.telegram.wait_message(group)
    assert greeting.text.startswith("Hello! I am Mnema. I keep what is written here")
    assert greeting.buttons == []


async def test_a_pending_group_asks_once_and_obeys_only_allowed_people(stage: Stage) -> None:
    access, turns = stage.below.access, stage.below.turns
    access.decision, turns.outcome = "group_pending", "group_pending"
    ann = await stage.telegram.person("Ann")
    borys = await stage.telegram.person("Borys")
    access.owners = {str(ann.id)}
    group = await stage.telegram.group("Camping", [borys, ann])
    greeting = await stage.telegram.wait_message(group, contains="approve this group first")
    await borys.say(group, "@mnema_bot hello?")
    await borys.say(group, "/help")
    await borys.say(group, "just talking")
    await stage.settle()
    assert len(stage.telegram.bot_messages(group)) == 1
    answer = await (await borys.press(greeting, "✅ Approve this group")).answer()
    assert answer["text"].startswith("Only my owner")
    assert access.approvals == []
    await (await ann.press(greeting, "✅ Approve this group")).answer()
    assert access.approvals == [(str(group.id), str(ann.id), True)]
    assert greeting.text.startswith("Approved by Ann.")
    assert greeting.buttons == []


async def test_an_ungreeted_pending_group_is_asked_at_the_first_address(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    await stage.settle()
    stage.below.turns.outcome = "group_pending"
    await ann.say(group, "nobody in particular")
    await ann.say(group, "@mnema_bot hi")
    await ann.say(group, "@mnema_bot hi again")
    await stage.settle()
    asked = [m for m in stage.telegram.bot_messages(group) if "not approved yet" in m.text]
    assert len(asked) == 1
    assert [button["text"] for button in asked[0].buttons] == ["✅ Approve this group", "🚫 No"]


async def test_leaving_and_changing_roles_say_nothing(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    group = await stage.telegram.group("Camping", [ann])
    await stage.settle()
    bot_id = stage.telegram.emu.main_bot.id
    await group.add(bot_id, "administrator")
    await group.remove(bot_id)
    await stage.settle()
    assert len(stage.telegram.bot_messages(group)) == 1
