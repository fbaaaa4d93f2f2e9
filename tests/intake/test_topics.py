"""Topics are conversations of their own; answers and signs go where the question stood."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.db.models import Chat, Conversation
from tests.support.llm_steps import Text
from tests.support.product import Product
from tests.support.waiting import until


async def test_each_topic_remembers_its_own_and_is_answered_in_place(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    forum = await product.telegram.group("House", [ann], is_forum=True)
    food, music = await forum.topic("Food"), await forum.topic("Music")
    product.llm.script(Text("Soup."), Text("A waltz."), Text("Nothing in general."))
    answers = []
    for topic, text, answer in (
        (food, "the secret spice is saffron", "Soup."),
        (music, "the secret key is minor", "A waltz."),
        (None, "what is secret?", "Nothing in general."),
    ):
        asked = await ann.say(forum, f"@mnema_bot {text}", thread_id=topic)
        answers.append((await product.telegram.wait_reply(asked, contains=answer)).record.thread_id)
    assert answers == [food, music, None]
    assert 'topic "Food"' in product.prompt_text(0)
    assert "saffron" not in product.prompt_text(1)
    general = product.prompt_text(2)
    assert "saffron" not in general
    assert "minor" not in general
    assert "topic" not in general
    shown = [call.params.get("message_thread_id") for call in product.telegram.calls("sendChatAction")]
    assert set(shown) == {str(food), str(music), None}
    sent = product.telegram.calls("sendMessage")[-1]
    assert "message_thread_id" not in sent.params


async def test_a_topic_is_known_by_its_present_name(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    forum = await product.telegram.group("House", [ann], is_forum=True)
    await ann.say(forum, "hello all")
    topic = await forum.topic("Food")
    await until(lambda: product.look(lambda s: _topics(s.scalar(select(Chat))) == {str(topic): "Food"}))
    renamed = {
        "message_id": 900, "date": 1, "message_thread_id": topic, "is_topic_message": True,
        "chat": {"id": forum.id, "type": "supergroup", "title": "House", "is_forum": True},
        "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
        "forum_topic_edited": {"name": "Kitchen"},
    }  # fmt: skip
    await product.telegram.emu.inject(product.telegram.emu.main_bot.id, {"message": renamed})
    await forum.close_topic(topic)
    product.llm.script(Text("Fine."))
    asked = await ann.say(forum, "@mnema_bot how do you do?", thread_id=topic)
    await product.telegram.wait_message(forum, contains="Fine.")
    assert 'topic "Kitchen"' in product.prompt_text()
    assert asked.record.thread_id == topic


def _topics(chat: Chat | None) -> dict[str, str]:
    return {} if chat is None else chat.settings.get("topics", {})


async def test_a_thread_of_replies_in_a_plain_group_is_no_topic(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    first = await ann.say(group, "who brings the tent?")
    replied = {
        "message_id": 800, "date": 1, "message_thread_id": first.id, "text": "@mnema_bot who?",
        "chat": {"id": group.id, "type": "supergroup", "title": "Camping"},
        "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
        "entities": [{"type": "mention", "offset": 0, "length": 10}],
        "reply_to_message": first.json,
    }  # fmt: skip
    product.llm.script(Text("Borys does."))
    await product.telegram.emu.inject(product.telegram.emu.main_bot.id, {"message": replied})
    await product.telegram.wait_message(group, contains="Borys does.")
    assert "message_thread_id" not in product.telegram.calls("sendMessage")[-1].params
    count = await product.look(lambda s: s.scalar(select(func.count()).select_from(Conversation)))
    assert count == 1
    assert "who brings the tent?" in product.prompt_text()
