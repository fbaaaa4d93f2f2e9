"""/why over the wire, as people send it."""

from __future__ import annotations

from functools import partial

from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product

LIVES = ToolCalls(
    [("save_user_fact", {"text": "Живе в Києві", "kind": "home", "quote": "я живу в Києві"})], text="Вітаю!"
)


async def test_the_next_morning_it_names_what_it_knew_and_when_it_was_said(product: Product) -> None:
    oksana = await product.telegram.person("Оксана", language="uk")
    chat = await product.telegram.private(oksana)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    nothing = await wait(await oksana.say(chat, "/why"))
    assert nothing.text.startswith("У мене немає про це запису.")
    product.llm.script(LIVES, Text("Борщ."))
    await wait(await oksana.say(chat, "Привіт, я живу в Києві"), contains="Вітаю")
    await wait(await oksana.say(chat, "/new"))
    answer = await wait(await oksana.say(chat, "Що приготувати?"), contains="Борщ")
    told = await wait(await oksana.say(chat, "/why", reply_to=answer), contains="Києві")
    today = f"{product.app.clock.now():%Y-%m-%d}"
    assert told.text.splitlines()[:3] == [
        "🔎 Що я знав для цієї відповіді",
        "🧠 1 річ, яку я про вас пам’ятаю:",
        f"• Живе в Києві (сказано {today}) «я живу в Києві»",
    ]
    assert "⚙️ gpt-4o-mini · " in told.text
    last = await wait(await oksana.say(chat, "/why"), contains="Києві")
    assert last.text == told.text


async def test_in_a_group_it_links_to_the_message_and_tells_others_nothing_personal(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    wait = partial(product.telegram.wait_reply, settled=0.03)
    save = {"text": "Sleeps badly on stones", "kind": "other", "quote": "I sleep badly on stones"}
    product.llm.script(ToolCalls([("save_user_fact", save)], text="Noted."), Text("Take a mat."))
    said = await ann.say(group, "@mnema_bot I sleep badly on stones")
    await wait(said, contains="Noted")
    answer = await wait(await ann.say(group, "@mnema_bot what do I take?"), contains="mat")
    own = await wait(await ann.say(group, "/why@mnema_bot", reply_to=answer), contains="stones")
    link = f"https://t.me/c/{str(group.id).removeprefix('-100')}/{said.id}"
    line = own.text.splitlines()[2]
    assert line == f"• Sleeps badly on stones (said {product.app.clock.now():%Y-%m-%d}) 🔗"
    (entity,) = [e for e in own.entities if e["type"] == "text_link"]
    assert entity["url"] == link
    units = own.text.encode("utf-16-le")
    at = entity["offset"] * 2
    assert units[at : at + entity["length"] * 2].decode("utf-16-le") == "🔗"
    assert "📜 The last 2 messages" in own.text
    other = await wait(await borys.say(group, "/why@mnema_bot", reply_to=answer), contains="🔎")
    assert "🔒 It was for somebody else" in other.text
    assert "stones" not in other.text
    none = await wait(await borys.say(group, "/why@mnema_bot"))
    assert none.text.startswith("I have no record of this.")
