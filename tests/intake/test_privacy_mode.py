"""Telegram's privacy mode is said in plain words, with what to do about it."""

from __future__ import annotations

from tests.support.product import Product


async def test_the_greeting_and_the_help_say_what_is_hidden_and_how_to_change_it(product: Product) -> None:
    world = product.telegram
    ann = await world.person("Ann", language="uk")
    await world.emu.set_privacy(world.emu.main_bot.id, True)
    group = await world.group("Camping", [ann])
    greeting = await world.wait_message(group, contains="Вітаю! Я Mnema.")
    help_ = await world.wait_reply(await ann.say(group, "/help@mnema_bot"), contains="/memories", settled=0)
    for text in (greeting.text, help_.text):
        assert "@BotFather" in text
        assert "/setprivacy" in text
    private = await world.wait_reply(await ann.say(await world.private(ann), "/help"), settled=0)
    assert "/setprivacy" not in private.text


async def test_who_sees_everything_says_nothing_of_it(product: Product) -> None:
    world = product.telegram
    ann = await world.person("Ann")
    open_group = await world.group("Open", [ann])
    greeting = await world.wait_message(open_group, contains="Hello! I am Mnema.")
    await world.emu.set_privacy(world.emu.main_bot.id, True)
    led = await world.group("Led", [ann], bot="administrator")
    as_admin = await world.wait_message(led, contains="Hello! I am Mnema.")
    help_ = await world.wait_reply(await ann.say(led, "/help"), contains="/memories", settled=0)
    for message in (greeting, as_admin, help_):
        assert "/setprivacy" not in message.text
