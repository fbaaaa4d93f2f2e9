"""Buttons: whose they are, what they do, and that every press is answered."""

from __future__ import annotations

import pytest

from bot.core.errors import MnemaError
from bot.playground.emulator import Fault
from bot.playground.people import MessageHandle, PersonHandle
from bot.telegram.keyboards import Press
from tests.telegram.conftest import Stage


async def listed(stage: Stage, facts: int = 7) -> tuple[PersonHandle, MessageHandle]:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    stage.below.memories.give(ann.id, *(f"Fact number {n}" for n in range(1, facts + 1)))
    question = await ann.say(chat, "/memories")
    return ann, await stage.telegram.wait_reply(question, settled=0.1)


def texts(message: MessageHandle) -> list[str]:
    return [button["text"] for button in message.buttons]


async def test_pages_turn_in_place(stage: Stage) -> None:
    ann, page = await listed(stage)
    assert page.text.startswith("I remember 7 things about you:")
    assert "5. Fact number 5 (2026-03-01)" in page.text
    assert page.text.endswith("Page 1 of 2")
    assert texts(page) == [*(f"✏️ {n}" for n in range(1, 6)), *(f"🗑 {n}" for n in range(1, 6)), "›"]
    await (await ann.press(page, "›")).answer()
    assert "2. Fact number 7" in page.text
    assert "Fact number 5" not in page.text
    assert texts(page) == ["✏️ 1", "✏️ 2", "🗑 1", "🗑 2", "‹"]


async def test_delete_and_undo(stage: Stage) -> None:
    ann, page = await listed(stage, facts=2)
    answer = await (await ann.press(page, "🗑 2")).answer()
    assert answer["text"] == "Forgotten: Fact number 2"
    assert "Fact number 2" not in page.text
    assert texts(page) == ["✏️ 1", "🗑 1", "↩️ Undo"]
    answer = await (await ann.press(page, "↩️ Undo")).answer()
    assert answer["text"] == "Remembered again: Fact number 2"
    assert "2. Fact number 2" in page.text
    assert texts(page) == ["✏️ 1", "✏️ 2", "🗑 1", "🗑 2"]


async def test_the_last_fact_leaves_an_empty_state_with_undo(stage: Stage) -> None:
    ann, page = await listed(stage, facts=1)
    await (await ann.press(page, "🗑 1")).answer()
    assert page.text.startswith("I remember nothing about you yet.")
    assert texts(page) == ["↩️ Undo"]


async def test_an_old_delete_button_pressed_again(stage: Stage) -> None:
    ann, page = await listed(stage, facts=2)
    data = page.buttons[3]["callback_data"]
    await (await ann.press(page, data)).answer()
    answer = await (await ann.press(page, data, stale=True)).answer()
    assert answer["text"] == "That is forgotten already."


async def test_another_persons_button_shows_and_does_nothing(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    borys = await stage.telegram.person("Борис", language="uk")
    group = await stage.telegram.group("Camping", [ann, borys])
    stage.below.memories.give(ann.id, "Ann is allergic to nuts")
    sent = await stage.face.bot.send_message(group.id, "…", reply_markup=None)
    message = MessageHandle(stage.telegram.emu, group.id, sent.message_id)
    for press in (Press("del", ann.id, (1, 0)), Press("page", ann.id, (0,)), Press("undo", ann.id, (1,))):
        answer = await (await borys.press(message, press.pack(), stale=True)).answer()
        assert answer == answer | {"text": "Ця кнопка не для вас.", "show_alert": True}
    assert message.text == "…"
    assert len(stage.below.memories.facts[str(ann.id)]) == 1


@pytest.mark.parametrize("data", ["", "buy:1", "del:x:1", "del", "page:{}", "del:{}:1:2:3", "stop"])
async def test_unknown_buttons_are_answered(stage: Stage, data: str) -> None:
    ann, page = await listed(stage, facts=1)
    press = await ann.press(page, data.format(ann.id) or "x", stale=True)
    answer = await press.answer()
    assert answer["text"] == "This button is from an older version. Please ask again."
    assert answer["show_alert"]


async def test_stop_and_retry(stage: Stage) -> None:
    ann, message = await listed(stage, facts=1)
    stage.below.turns.running, stage.below.turns.retryable = 1, {42}
    stop, retry, gone = (
        Press("stop", ann.id, (41,)),
        Press("retry", ann.id, (42,)),
        Press("retry", ann.id, (43,)),
    )
    said = [(await (await ann.press(message, p.pack(), stale=True)).answer()) for p in (stop, retry, gone)]
    assert [answer["text"] for answer in said] == [
        "⏹ Stopped.",
        "Trying again …",
        "There is nothing to try again.",
    ]
    assert stage.below.turns.stops[0][0].external_id == str(message.chat_id)


async def test_someone_who_lost_access_gets_an_alert(stage: Stage) -> None:
    ann, page = await listed(stage, facts=1)
    stage.below.access.decision = "stranger"
    answer = await (await ann.press(page, "🗑 1")).answer()
    assert answer["text"] == "You may not do that here."
    assert "Fact number 1" in page.text


async def test_a_press_is_answered_when_the_page_cannot_be_changed(stage: Stage) -> None:
    ann, page = await listed(stage)
    stage.telegram.emu.faults.add("editMessageText", Fault.too_many(30))
    answer = await (await ann.press(page, "›")).answer()
    assert answer["text"] == "Telegram did not take my answer. Please try again in a moment."
    assert answer["show_alert"]


async def test_a_refusal_below_is_told_in_its_own_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, page = await listed(stage, facts=1)

    async def full(*_: object) -> None:
        raise MnemaError("no room", user_key="error.fact_refused")

    monkeypatch.setattr(stage.below.memories, "restore", full)
    await (await ann.press(page, "🗑 1")).answer()
    answer = await (await ann.press(page, "↩️ Undo")).answer()
    assert answer["text"].startswith("I cannot remember that")


def test_presses_fit_and_return() -> None:
    largest = Press("retry", 2**52, (2**63 - 1, 2**31))
    assert len(largest.pack().encode()) <= 64
    assert Press.unpack(largest.pack()) == largest
    with pytest.raises(ValueError, match="bytes"):
        Press("del", 2**52, (2**63, 2**63, 2**63)).pack()
