"""Those who speak without a face: anonymous administrators, linked channels, channels themselves."""

from __future__ import annotations

from sqlalchemy import select

from bot.core.messages import ChatRef, Person
from bot.db.models import Memory, Message, Turn, User
from bot.playground.people import ChatHandle
from bot.playground.records import Chat
from bot.playground.store import Json
from tests.intake.settling import settled, tell
from tests.support.llm_steps import Body, HttpError, Step, Text, ToolCalls
from tests.support.product import Product, text_of


async def test_an_anonymous_admin_is_answered_and_nothing_is_remembered_of_them(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    refused: list[str] = []

    def then(body: Body) -> Step:
        refused.append(text_of(body))
        return Text("Welcome, admins.")

    fact = {"text": "Likes tents", "kind": "other", "quote": "We like tents"}
    product.llm.script(ToolCalls([("save_user_fact", fact)]), then)
    asked = await ann.say(group, "@mnema_bot We like tents", anonymous=True)
    reply = await product.telegram.wait_reply(asked, contains="Welcome, admins.", settled=0)
    assert reply.reply_to == asked.id
    assert "[Camping]: @mnema_bot We like tents" in product.prompt_text(0)
    assert "Not done: nobody to remember it of" in refused[0]
    assert await product.look(lambda s: s.scalar(select(Memory))) is None
    senders = await product.look(lambda s: s.scalars(select(Message.sender_id)).all())
    assert set(senders) == {None}
    assert await product.look(lambda s: s.scalars(select(User.external_id)).all()) == [f"chat:{group.id}"]


async def test_what_an_anonymous_admin_asked_can_be_tried_again_by_anybody(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    product.llm.script(HttpError(401, {"error": {"message": "bad key"}}), Text("Better now."))
    await borys.say(group, "hello")
    asked = await ann.say(group, "@mnema_bot hello?", anonymous=True)
    apology = await product.telegram.wait_reply(asked, contains="LLM_API_KEY", settled=0)
    assert (await (await borys.press(apology, "🔁 Retry")).answer())["text"] == "Trying again …"
    await product.telegram.wait_message(group, contains="Better now.")


async def test_a_post_of_the_linked_channel_is_recorded_and_not_answered(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Readers", [ann])
    channel = {"id": -1009001, "type": "channel", "title": "The Daily Camp"}
    post: Json = {
        "message_id": 700, "date": 1, "chat": {"id": group.id, "type": "supergroup", "title": "Readers"},
        "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
        "sender_chat": channel, "is_automatic_forward": True, "text": "Mnema, @mnema_bot: rain tomorrow",
        "entities": [{"type": "mention", "offset": 7, "length": 10}],
        "forward_origin": {"type": "channel", "chat": channel, "message_id": 5, "date": 1},
    }  # fmt: skip
    await tell(product, message=post)
    assert await product.look(lambda s: s.scalar(select(Turn))) is None
    product.llm.script(Text("Rain."))
    asked = await ann.say(group, "@mnema_bot what is in the news?")
    await product.telegram.wait_reply(asked, contains="Rain.", settled=0)
    assert "[The Daily Camp]: (forwarded from: The Daily Camp) Mnema" in product.prompt_text()
    assert product.llm.paid == 1


async def test_in_a_channel_it_keeps_still_unless_mentioned(product: Product) -> None:
    world = product.telegram
    bot_id = world.emu.main_bot.id
    chat = Chat(-1009002, "supergroup", "News", members={bot_id: "administrator"})
    channel = ChatHandle(world.emu, world.emu.world.put(chat).id)
    body: Json = {"date": 1, "chat": {"id": channel.id, "type": "channel", "title": "News"}}
    body["sender_chat"] = body["chat"]
    await tell(product, channel_post=body | {"message_id": 1, "text": "Mnema is a fine word"})
    assert await product.look(lambda s: s.scalar(select(Message))) is None
    mention = [{"type": "mention", "offset": 0, "length": 10}]
    product.llm.script(Text("At your service."))
    asked = body | {"message_id": 2, "text": "@mnema_bot hello", "entities": mention}
    await tell(product, channel_post=asked)
    await world.wait_message(channel, contains="At your service.")
    assert "[News]: @mnema_bot hello" in product.prompt_text()
    assert "fine word" not in product.prompt_text()


async def test_a_command_without_a_face_gets_one_clear_sentence(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    asked = await ann.say(group, "/memories@mnema_bot", anonymous=True)
    await product.telegram.wait_reply(asked, contains="under your own name", settled=0)
    await settled(product)
    assert product.llm.requests == []


async def test_a_stand_in_has_no_private_side(product: Product) -> None:
    stand_in = Person("chat:-100", "Camping")
    assert (await product.app.memories.page(stand_in, 0)).total == 0
    assert await product.app.turns.stop(ChatRef("-100", "supergroup"), stand_in) == 0
