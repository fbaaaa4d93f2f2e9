"""Business accounts and guest questions: asked for, taken in without noise, never answered for anybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.db.models import Job, Message
from bot.playground.store import Json
from tests.intake.settling import tell
from tests.support.product import Product
from tests.support.waiting import until

CUSTOMER: Json = {"id": 5551, "is_bot": False, "first_name": "Customer"}
ACROSS: Json = {"id": 5551, "type": "private", "first_name": "Customer"}


def message(number: int, **more: object) -> Json:
    return {
        "message_id": number,
        "date": 1,
        "chat": ACROSS,
        "from": CUSTOMER,
        "text": "a secret order",
    } | more


def connection(owner: int, *, enabled: bool = True) -> Json:
    user = {"id": owner, "is_bot": False, "first_name": "Ann"}
    return {"id": "c1", "user": user, "user_chat_id": owner, "date": 1, "is_enabled": enabled}


async def test_they_are_asked_for(product: Product) -> None:
    await until(lambda: len(product.telegram.calls("getUpdates")) > 0 or bool(_allowed(product)))
    wanted = {"business_connection", "business_message", "edited_business_message", "guest_message"}
    assert wanted | {"deleted_business_messages"} <= set(_allowed(product))


def _allowed(product: Product) -> list[str]:
    return product.telegram.emu.main_bot.allowed_updates or []


async def test_the_owner_is_told_once_and_the_customer_nothing(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    await product.telegram.wait_reply(await ann.say(chat, "/start"), settled=0)
    for enabled in (True, False, True):
        await tell(product, business_connection=connection(ann.id, enabled=enabled))
    business: Json = {"business_connection_id": "c1"}
    await tell(product, business_message=message(1, **business))
    await tell(product, edited_business_message=message(1, **business, edit_date=2))
    gone = business | {"chat": ACROSS, "message_ids": [1]}
    await tell(product, deleted_business_messages=gone)
    await tell(product, guest_message=message(2, guest_query_id="g1"))
    told = [m.text for m in product.telegram.bot_messages(chat) if "on behalf of accounts" in m.text]
    assert len(told) == 1
    assert {call.params.get("chat_id") for call in product.telegram.calls("sendMessage")} == {str(ann.id)}
    assert product.telegram.calls("answerGuestQuery") == []
    assert product.llm.requests == []
    assert await product.look(lambda s: s.scalar(select(Message))) is None
    kept = await product.look(lambda s: s.scalars(select(Job.payload)).all())
    assert "secret order" not in str(kept)


@pytest.mark.parametrize("language", ["uk", "ru"])
async def test_the_owner_is_told_in_their_language(product: Product, language: str) -> None:
    ann = await product.telegram.person("Ann", language=language)
    chat = await product.telegram.private(ann)
    await product.telegram.wait_reply(await ann.say(chat, "/help"), settled=0)
    known = connection(ann.id)
    known["user"]["language_code"] = language
    await tell(product, business_connection=known)
    words = {"uk": "від імені акаунтів", "ru": "от имени аккаунтов"}
    await product.telegram.wait_message(chat, contains=words[language])
