"""A fact told is remembered with its source, shown after it exists, and found in the next prompt, once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Memory, MemorySource, Message, Trace
from bot.db.repositories import ledger
from tests.support.llm_steps import Body, Step, Text, ToolCalls
from tests.support.product import Product, text_of

TOLD = "Привіт! Мене звати Оксана, я живу в Києві і не їм м'яса."
SAVES = ToolCalls(
    [
        ("save_user_fact", {"text": "Живе в Києві", "kind": "home", "quote": "я живу в Києві"}),
        ("save_user_fact", {"text": "Не їсть м'яса", "kind": "diet", "quote": "не їм м'яса"}),
    ],
    text="Приємно познайомитися, Оксано!",
)


def facts(session: Session) -> list[tuple[str, str, str]]:
    """Each fact with its quote and the text of its source message."""
    rows = session.execute(
        select(Memory.text, MemorySource.quote, Message.content)
        .join(MemorySource, MemorySource.memory_id == Memory.id)
        .join(Message, Message.id == MemorySource.message_id)
        .order_by(Memory.id)
    )
    return [(text, quote, content) for text, quote, content in rows]


async def test_rows_with_source_and_quote_stand_before_the_notice_is_sent(product_on_both: Product) -> None:
    product = product_on_both
    oksana = await product.telegram.person("Oksana", language="uk")
    chat = await product.telegram.private(oksana)
    product.llm.script(SAVES)
    seen: list[list[tuple[str, str, str]]] = []

    async def look_when_the_notice_arrives() -> None:
        await product.telegram.wait_message(chat, contains="Живе в Києві")
        seen.append(await product.look(facts))

    message = await oksana.say(chat, TOLD)
    await look_when_the_notice_arrives()
    assert seen[0] == [
        ("Живе в Києві", "я живу в Києві", TOLD),
        ("Не їсть м'яса", "не їм м'яса", TOLD),
    ]
    reply = await product.telegram.wait_reply(message, contains="Приємно познайомитися")
    assert "м'яса" in reply.text
    # Text and only saving tools: no second call is paid for.
    assert product.llm.paid == 1


async def test_a_fact_outlives_clear_and_stands_in_the_next_prompt_once(product: Product) -> None:
    oksana = await product.telegram.person("Oksana", language="uk")
    chat = await product.telegram.private(oksana)
    product.llm.script(SAVES, Text("Борщ без м'яса."))
    await product.telegram.wait_reply(await oksana.say(chat, TOLD), contains="Приємно")
    await product.telegram.wait_reply(await oksana.say(chat, "/clear"))
    await product.telegram.wait_reply(await oksana.say(chat, "Що мені приготувати?"), contains="Борщ")
    prompt = product.prompt_text()
    assert prompt.count("Не їсть м'яса") == 1
    assert prompt.count("Живе в Києві") == 1
    assert "Приємно познайомитися" not in prompt
    assert TOLD not in prompt


async def test_the_prompt_is_kept_as_it_was_sent_with_its_layers(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("Hello."))
    await product.telegram.wait_reply(await ann.say(chat, "hi there"), contains="Hello")
    assert await product.look(lambda s: ledger.sent_prompt(s, 1)) == product.prompt()
    layers = await product.look(lambda s: s.get_one(Trace, 1).layers)
    assert {"system", "history", "facts"} <= {layer["name"] for layer in layers}


async def test_the_same_question_by_another_person_holds_none_of_it(product: Product) -> None:
    oksana = await product.telegram.person("Oksana")
    ann = await product.telegram.person("Ann")
    product.llm.script(SAVES, Text("Anything you like."))
    own = await product.telegram.private(oksana)
    await product.telegram.wait_reply(await oksana.say(own, TOLD), contains="Приємно")
    other = await product.telegram.private(ann)
    await product.telegram.wait_reply(await ann.say(other, "What should I cook?"), contains="like")
    for word in ("м'яса", "Києві", "Оксан"):
        assert word not in product.prompt_text()


async def test_a_quote_that_nobody_wrote_is_refused_and_the_model_is_told(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    invented = ToolCalls(
        [("save_user_fact", {"text": "Owns a yacht", "kind": "other", "quote": "I own a yacht"})]
    )
    answers: list[str] = []

    def then(body: Body) -> Step:
        answers.append(text_of(body))
        return Text("I could not keep that.")

    product.llm.script(invented, then)
    message = await ann.say(chat, "Hello there")
    await product.telegram.wait_reply(message, contains="could not")
    assert await product.look(facts) == []
    assert "Not done" in answers[0]


async def test_the_undo_button_takes_the_fact_back(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(
        ToolCalls(
            [("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": "I live in Lviv"})],
            text="Nice!",
        ),
        Text("I do not know."),
    )
    reply = await product.telegram.wait_reply(await ann.say(chat, "I live in Lviv"), contains="Lives in Lviv")
    await ann.press(reply, "Undo")
    await product.telegram.wait_reply(await ann.say(chat, "Where do I live?"), contains="not know")
    assert "- Lives in Lviv" not in product.prompt_text()
