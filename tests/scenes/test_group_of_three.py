"""Three in a group: forty messages of silence, then the right name, two questions in order."""

from __future__ import annotations

from tests.support.product import Product


async def test_the_tent_is_brought_by_borys(playground: Product) -> None:
    world = playground.telegram
    ann = await world.person("Ann", username="ann")
    borys = await world.person("Borys", username="borys")
    chen = await world.person("Chen", username="chen")
    group = await world.group("Camping", [ann, borys, chen])
    await world.wait_message(group, contains="result.json")  # the last of what it says on arrival
    people = (ann, borys, chen)
    for number in range(38):
        await people[number % 3].say(group, f"Chatter about the weather, part {number}")
    await borys.say(group, "I am bringing the tent, it is big enough")
    await chen.say(group, "I will cook")
    assert len(world.bot_messages(group)) == 2

    first = await ann.say(group, "@mnema_bot who is bringing the tent?")
    second = await borys.say(group, "@mnema_bot who will cook?")
    one = await world.wait_reply(first, contains="Borys", timeout=10)
    two = await world.wait_reply(second, contains="Chen", timeout=10)
    assert one.reply_to == first.id
    assert one.id < two.id
