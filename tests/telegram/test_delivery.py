"""Whatever happens on the way, a turn ends as exactly one answer in its chat."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from bot.core.errors import DeliveryError
from bot.core.messages import Notice, Reply
from bot.playground.emulator import Fault
from bot.telegram.face import TelegramFace
from tests.support.emulator import RunningEmulator
from tests.telegram.rooms import Below
from tests.telegram.scene import LONG, Scene, scene_in


class Killed(BaseException):
    """The process ends here."""


async def test_long_answers_come_in_parts(scene: Scene) -> None:
    await scene.face.sinks.open(scene.turn()).finish(Reply(LONG))
    texts = scene.shown()
    assert len(texts) == 4
    assert "\n".join(texts).count("number ") == 399
    assert scene.below.turns.notes[-1][1] == tuple(str(m.id) for m in scene.telegram.bot_messages(scene.chat))


async def test_groups_get_the_answer_below_the_question(
    telegram: RunningEmulator, below: Below, face: TelegramFace
) -> None:
    scene = await scene_in(telegram, below, face, group=True)
    await face.sinks.open(scene.turn()).finish(Reply("Here."))
    assert scene.last().reply_to == scene.question.id
    await scene.asker.delete(scene.question)
    below.turns.notes.clear()
    await face.sinks.open(scene.turn()).finish(Reply("Here again."))
    assert scene.shown() == ["Here.", "Here again."]


async def test_notices_and_failures_carry_buttons(scene: Scene) -> None:
    notice = Notice("remembered", "Ann has a dog", (5,))
    await scene.face.sinks.open(scene.turn()).finish(Reply("Noted.", notices=(notice,)))
    message = scene.last()
    assert message.text == "Noted.\n\n🧠 Remembered: Ann has a dog"
    assert message.buttons == [{"text": "↩️ Undo", "callback_data": f"undo:{scene.asker.id}:5"}]
    scene.below.turns.notes.clear()
    failed = Reply("", failed=True, error_key="error.llm.timeout")
    await scene.face.sinks.open(scene.turn()).finish(failed)
    assert scene.last().text.startswith("The language model took too long.")
    assert scene.last().buttons == [{"text": "🔁 Retry", "callback_data": f"retry:{scene.asker.id}:7"}]


async def test_a_stopped_answer_says_so(scene: Scene) -> None:
    await scene.face.sinks.open(scene.turn()).finish(Reply("Half an ans", stopped=True))
    assert scene.shown() == ["Half an ans\n\n⏹ Stopped."]
    scene.below.turns.notes.clear()
    await scene.face.sinks.open(scene.turn()).finish(Reply("", stopped=True))
    assert scene.shown()[-1] == "⏹ Stopped."


@pytest.mark.parametrize("reply", [Reply("Short."), Reply("word " * 100), Reply(LONG)])
async def test_a_kill_after_any_stored_step_leaves_one_answer(scene: Scene, reply: Reply) -> None:
    """The answer is delivered again and again, killed one store later each time."""
    turns, original = scene.below.turns, scene.below.turns.note_delivery
    for survived in range(12):
        left = survived

        async def note(turn_id: int, external_ids: tuple[str, ...], *, done: bool) -> None:
            nonlocal left
            await original(turn_id, external_ids, done=done)
            left -= 1
            if left < 0:
                raise Killed

        turns.note_delivery = note  # type: ignore[method-assign]
        try:
            await scene.restarted().open(scene.turn()).finish(reply)
            break
        except Killed:
            continue
    turns.note_delivery = original  # type: ignore[method-assign]
    await scene.restarted().open(scene.turn()).finish(reply)
    standing = scene.telegram.bot_messages(scene.chat)
    assert turns.notes[-1] == (7, tuple(str(message.id) for message in standing), True)
    assert "\n".join(message.text for message in standing).count("number ") == reply.text.count("number ")


async def test_a_kill_before_the_id_is_stored_leaves_only_first_words(scene: Scene) -> None:
    original = scene.below.turns.note_delivery

    async def dead(turn_id: int, external_ids: tuple[str, ...], *, done: bool) -> None:
        raise Killed

    scene.below.turns.note_delivery = dead  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await scene.restarted().open(scene.turn()).finish(Reply("word " * 100))
    scene.below.turns.note_delivery = original  # type: ignore[method-assign]
    await scene.restarted().open(scene.turn()).finish(Reply("word " * 100))
    orphan, answer = scene.shown()
    assert answer == ("word " * 100).strip()
    assert len(orphan) < 50


async def test_a_message_deleted_by_its_reader_is_sent_anew(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("These are the first words")
    await scene.until(1)
    first = scene.last()
    await scene.asker.delete(first)
    sink.show("These are the first words and more")
    await asyncio.sleep(0.2)
    assert scene.shown() == []
    await sink.finish(Reply("These are the first words and more of them"))
    assert scene.shown() == ["These are the first words and more of them"]


@pytest.mark.parametrize(
    ("fault", "wait"),
    [(Fault.too_many(1), 1.0), (Fault.page(502), 2.0), (Fault.reset(), 2.0)],
    ids=["429", "502", "reset"],
)
async def test_passing_failures_ask_for_another_try(scene: Scene, fault: Fault, wait: float) -> None:
    scene.telegram.emu.faults.add("sendMessage", fault)
    with pytest.raises(DeliveryError) as caught:
        await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    assert caught.value.retry_after == wait
    await asyncio.sleep(scene.face.sinks.pace.held(scene.chat.id))
    await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    assert scene.shown() == ["Hello."]


async def test_a_cut_after_acceptance_never_doubles_the_answer(scene: Scene) -> None:
    scene.telegram.emu.faults.add("sendMessage", Fault.reset(accepted=True))
    answer = "word " * 100
    with pytest.raises(DeliveryError):
        await scene.face.sinks.open(scene.turn()).finish(Reply(answer))
    await scene.face.sinks.open(scene.turn()).finish(Reply(answer))
    assert scene.shown().count(answer.strip()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.refusal(403, "Forbidden: bot was blocked by the user"),
        Fault.refusal(403, "Forbidden: user is deactivated"),
        Fault.refusal(400, "Bad Request: chat not found"),
    ],
)
async def test_final_failures_are_final(scene: Scene, fault: Fault) -> None:
    scene.telegram.emu.faults.add("sendMessage", fault)
    with pytest.raises(DeliveryError) as caught:
        await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    assert caught.value.retry_after is None


async def test_an_unreadable_answer_to_a_final_send_is_not_sent_again(scene: Scene) -> None:
    scene.telegram.emu.faults.add("sendMessage", Fault.garbage())
    await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    assert scene.shown() == ["Hello."]


async def test_refused_entities_fall_back_to_plain_text(scene: Scene) -> None:
    fault = Fault.refusal(
        400, "Bad Request: can't parse entities: entity begins in the middle of a surrogate"
    )
    scene.telegram.emu.faults.add("sendMessage", fault)
    await scene.face.sinks.open(scene.turn()).finish(Reply("A **bold** word"))
    assert scene.shown() == ["A bold word"]
    assert scene.last().entities == []


async def test_previews_are_off_on_every_path(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("See https://evil.example/?q=secret for more")
    await scene.until(1)
    await sink.finish(Reply("See https://evil.example/?q=secret for more.\n" + LONG))
    for method in ("sendMessage", "editMessageText"):
        for call in scene.telegram.calls(method):
            assert json.loads(call.params["link_preview_options"])["is_disabled"] is True


async def test_topics_and_their_loss(telegram: RunningEmulator, below: Below, face: TelegramFace) -> None:
    ann = await telegram.person("Ann")
    forum = await telegram.group("Forum", [ann], is_forum=True)
    topic = await forum.topic("Food")
    question = await ann.say(forum, "@mnema_bot?", thread_id=topic)
    scene = Scene(telegram, below, face, forum, ann, question)
    turn = replace(scene.turn(), chat=replace(scene.turn().chat, topic_id=topic))
    sink = face.sinks.open(turn)
    await sink.begin()
    await asyncio.sleep(0.05)
    await sink.finish(Reply("In the topic."))
    assert scene.last().record.thread_id == topic
    assert telegram.calls("sendChatAction")[-1].params["message_thread_id"] == str(topic)
    below.turns.notes.clear()
    lost = replace(turn, chat=replace(turn.chat, topic_id=4242), reply_to_external_id=None)
    await face.sinks.open(lost).finish(Reply("In General."))
    assert scene.last().text == "In General."
    assert scene.last().record.thread_id is None
