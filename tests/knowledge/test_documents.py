"""Documents sent to the bot: read before what is asked behind them, listed, deleted, never shared."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.core.messages import Person
from bot.db.models import Conversation, Document, Job, Message, Turn
from bot.playground.people import ChatHandle, MessageHandle
from bot.services.document_owners import of_person
from tests.knowledge.making import HOUSE_RULES, pdf
from tests.support.llm_steps import Text
from tests.support.product import Product
from tests.support.waiting import until

PDF = "application/pdf"
RULES_UK = (
    ("Правила будинку", "Тиха година з 22:00 до 8:00."),
    ("Сміття", "Скло викидаємо у зелений бак."),
    ("Паркування", "Гостьове паркування коштує 35 гривень за годину."),
)


def shown(product: Product, chat: ChatHandle) -> list[str]:
    return [message.text for message in product.telegram.bot_messages(chat)]


async def until_shown(product: Product, chat: ChatHandle, part: str) -> MessageHandle:
    def there() -> bool:
        return any(part in text for text in shown(product, chat))

    await until(there, 8)
    return next(m for m in product.telegram.bot_messages(chat) if part in m.text)


async def jobs_done(product: Product) -> None:
    left = select(Job.id).where(Job.status.in_(("queued", "running"))).limit(1)

    async def idle() -> bool:
        return await product.look(lambda s: s.scalar(left)) is None

    await until(idle, 8)


def hide(session: Session) -> None:
    session.execute(update(Conversation).values(incognito=True))


async def test_a_book_of_her_own(product_on_both: Product) -> None:
    """The question behind the document waits until it is read; nobody else knows anything of it."""
    product, world = product_on_both, product_on_both.telegram
    oksana, ann = await world.person("Oksana", language="uk"), await world.person("Ann")
    chat, anns = await world.private(oksana), await world.private(ann)
    product.llm.script(Text("35 гривень."), Text("No."))
    await oksana.send(chat, "document", pdf(RULES_UK), name="Правила.pdf", mime=PDF)
    await oksana.say(chat, "скільки коштує гостьове паркування?")
    await until_shown(product, chat, "35 гривень")
    assert shown(product, chat)[0].startswith("📖 Прочитано: Правила, 3 уривки")
    await world.wait_reply(await ann.say(anns, "скільки коштує гостьове паркування?"), contains="No.")
    passage = "[Правила, p. 3] Паркування Гостьове паркування коштує 35 гривень за годину."
    assert passage in product.prompt_text(0)
    assert "35 гривень" not in product.prompt_text(1)
    document, turn = await product.look(lambda s: (s.scalars(select(Document)).one(), s.get_one(Turn, 1)))
    assert turn.started_at is not None
    assert document.created_at <= turn.started_at
    came_with, reply = await product.look(
        lambda s: (s.get_one(Message, document.message_id), s.get_one(Message, turn.reply_message_id))
    )
    assert came_with.content_type == "document"
    assert reply.context_entries_used == 1
    assert reply.relevance_score is not None
    assert 0.3 < reply.relevance_score <= 1


async def test_documents_alone_get_one_word_and_no_turn(product: Product) -> None:
    world = product.telegram
    ann = await world.person("Ann")
    chat = await world.private(ann)
    data = pdf(HOUSE_RULES)
    await ann.send(chat, "document", data, name="House rules.pdf", mime=PDF)
    await until_shown(product, chat, "I have read House rules: 3 passages")
    await ann.send(chat, "document", data, name="again.pdf", mime=PDF)
    await until_shown(product, chat, "I know this document already: House rules, 3 passages.")
    await ann.send(chat, "document", pdf(HOUSE_RULES, password="x"), name="secret.pdf", mime=PDF)
    await until_shown(product, chat, "secret is protected by a password")
    await ann.send(chat, "document", b"PK\x03\x04", name="a.zip", mime="application/zip")
    await until_shown(product, chat, "I cannot read this file")
    product.llm.script(Text("Hello."))
    await world.wait_reply(await ann.say(chat, "hi"), contains="Hello.")
    await product.app.database.write(hide)
    await ann.send(chat, "document", b"secret words", name="a.txt", mime="text/plain")
    await until_shown(product, chat, "This conversation is incognito")
    await jobs_done(product)
    assert len(product.llm.requests) == 1
    assert len(shown(product, chat)) == 6  # each said in one message
    assert await product.look(lambda s: s.scalars(select(Document.title)).all()) == ["House rules"]


async def test_a_caption_is_answered_after_reading(product: Product) -> None:
    world = product.telegram
    ann = await world.person("Ann")
    chat = await world.private(ann)
    product.llm.script(lambda _body: Text("Read it."))
    asked = await ann.send(
        chat, "document", pdf(HOUSE_RULES), name="rules.pdf", mime=PDF, caption="what is in it?"
    )
    await world.wait_reply(asked, contains="Read it.", timeout=8)
    assert shown(product, chat)[0].startswith("📖 I have read rules: 3 passages")
    assert "[document: rules.pdf] what is in it?" in product.prompt_text()


async def test_the_list_deletes_and_obeys_only_its_owner(product: Product) -> None:
    world, knowledge = product.telegram, product.app.knowledge
    ann = await world.person("Ann")
    chat = await world.private(ann)
    whose = of_person(Person(str(ann.id), "Ann"))
    for number in range(6):
        await knowledge.add_text(whose, f"Notes {number}", f"text number {number}")
    await ann.say(chat, "/documents")
    listed = await until_shown(product, chat, "I have read 6 documents")
    assert "1. Notes 5" in listed.text
    await ann.press(listed, "›")
    await until_shown(product, chat, "1. Notes 0")
    await ann.press(listed, "🗑 1")
    await until_shown(product, chat, "I have read 5 documents")
    assert [item.title for item in await knowledge.entries(whose, 10)][-1] == "Notes 1"


async def test_in_a_group_only_what_is_addressed_is_read_and_it_stays_there(product: Product) -> None:
    world = product.telegram
    ann, borys = await world.person("Ann"), await world.person("Borys")
    group = await world.group("House", [ann, borys])
    product.llm.script(Text("I have it."), Text("Nothing."))
    silent = await borys.send(group, "document", b"unaddressed words", name="other.txt", mime="text/plain")
    sent = await ann.send(
        group, "document", b"Guest parking is free.", name="rules.txt", mime="text/plain",
        caption="@mnema_bot keep this",
    )  # fmt: skip
    await world.wait_reply(sent, contains="I have it.", timeout=8)
    rows = await product.look(lambda s: s.scalars(select(Document)).all())
    assert [(row.title, row.user_id, row.chat_id is None) for row in rows] == [("rules", None, False)]
    asked = await borys.say(group, "@mnema_bot and this one?", reply_to=silent)
    await world.wait_reply(asked, contains="Nothing.", timeout=8)
    titles = await product.look(lambda s: s.scalars(select(Document.title).order_by(Document.id)).all())
    assert titles == ["rules", "other"]
    await borys.say(group, "/documents@mnema_bot")
    listed = await until_shown(product, group, "I have read 2 documents")
    refused = await (await borys.press(listed, "🗑 1")).answer()
    assert refused["text"] == "In groups only admins can do that."
    assert "I have read 2 documents" in listed.text
    assert await product.app.knowledge.entries(of_person(Person(str(ann.id), "Ann")), 5) == []
