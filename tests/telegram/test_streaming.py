"""Answers grow in the chat, and end as exactly one answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef, Notice, Person, Reply, TurnRef
from bot.core.nursery import Nursery
from bot.playground.emulator import Fault
from bot.playground.people import ChatHandle, MessageHandle, PersonHandle
from bot.telegram.face import TelegramFace
from bot.telegram.pace import Pace
from bot.telegram.streaming import TelegramSinks
from tests.support.emulator import RunningEmulator
from tests.telegram.conftest import QUICK, make_face
from tests.telegram.rooms import Below

LONG = "\n".join(f"{n}. **line** number {n} of a long answer 😀" for n in range(1, 400))


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Scene:
    telegram: RunningEmulator
    below: Below
    face: TelegramFace
    chat: ChatHandle
    asker: PersonHandle
    question: MessageHandle

    def turn(self) -> TurnRef:
        """The turn as the answering lane would load it now."""
        record = self.chat.record
        return TurnRef(
            turn_id=7,
            channel="telegram",
            chat=ChatRef(external_id=str(self.chat.id), type=record.type),
            asker=Person(external_id=str(self.asker.id)),
            language="en",
            reply_to_external_id=str(self.question.id),
            delivered=self.below.turns.delivered(),
        )

    def restarted(self) -> TelegramSinks:
        """Sinks of a process that knows only what was stored."""
        clock = SystemClock()
        return TelegramSinks(self.face.bot, self.below.turns, clock, Nursery(), Pace(clock), rhythm=QUICK)

    def shown(self) -> list[str]:
        """Texts that stand in the chat."""
        return [message.text for message in self.telegram.bot_messages(self.chat)]

    def last(self) -> MessageHandle:
        return self.telegram.bot_messages(self.chat)[-1]

    async def until(self, count: int, timeout: float = 3.0) -> None:
        """Wait until so many bot messages stand in the chat."""
        async with asyncio.timeout(timeout):
            while len(self.shown()) < count:
                await self.telegram.emu.events.changed.wait(0.05)


async def scene_in(
    telegram: RunningEmulator, below: Below, face: TelegramFace, *, group: bool = False
) -> Scene:
    ann = await telegram.person("Ann")
    chat = await telegram.group("Camping", [ann]) if group else await telegram.private(ann)
    question = await ann.say(chat, "@mnema_bot what now?")
    return Scene(telegram, below, face, chat, ann, question)


@pytest.fixture
async def face(telegram: RunningEmulator, below: Below, nursery: Nursery) -> AsyncIterator[TelegramFace]:
    face = make_face(telegram, below, nursery)
    yield face
    await nursery.close()
    await face.close()


@pytest.fixture
async def scene(telegram: RunningEmulator, below: Below, face: TelegramFace) -> Scene:
    return await scene_in(telegram, below, face)


async def test_an_answer_grows_and_ends_whole(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Here are the **first words")
    await scene.until(1)
    assert scene.shown() == ["Here are the first words"]
    assert [button["text"] for button in scene.last().buttons] == ["⏹ Stop"]
    sink.show("Here are the **first words** and _more_ of")
    await asyncio.sleep(0.2)
    assert scene.shown() == ["Here are the first words and more of"]
    await sink.finish(Reply("Here are the **first words** and _more_ of them."))
    assert scene.shown() == ["Here are the first words and more of them."]
    assert scene.last().buttons == []
    assert scene.question.entry.of("chat_action")[0].text == "typing"
    assert scene.below.turns.notes[0] == (7, (str(scene.last().id),), False)
    assert scene.below.turns.notes[-1] == (7, (str(scene.last().id),), True)


async def test_the_typing_sign_is_renewed_and_ends_with_the_answer(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    await asyncio.sleep(0.55)
    await sink.finish(Reply("Done."))
    signs = len(scene.question.entry.of("chat_action"))
    assert signs == 3
    await asyncio.sleep(0.3)
    assert len(scene.question.entry.of("chat_action")) == signs
    assert scene.shown() == ["Done."]


async def test_edits_keep_their_distance(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    for n in range(60):
        sink.show("word " * (n + 5))
        await asyncio.sleep(0.01)
    await sink.finish(Reply("word " * 70))
    times = [action.at for action in scene.question.entry.of("edit")]
    assert 2 <= len(times) <= 10
    gaps = [(b - a).total_seconds() for a, b in pairwise(times[:-1])]  # the final edit waits for nobody
    assert min(gaps) >= 0.07


async def test_long_answers_come_in_parts(scene: Scene) -> None:
    await scene.face.sinks.open(scene.turn()).finish(Reply(LONG))
    texts = scene.shown()
    assert len(texts) == 4
    assert "\n".join(texts).count("number ") == 399
    assert scene.below.turns.notes[-1][1] == tuple(str(m.id) for m in scene.telegram.bot_messages(scene.chat))


async def test_a_long_answer_grows_over_several_messages(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show(LONG[:6000])
    await scene.until(2)
    buttons = [bool(m.buttons) for m in scene.telegram.bot_messages(scene.chat)]
    await sink.finish(Reply("A short answer in the end."))
    assert buttons == [False, True]
    assert scene.shown() == ["A short answer in the end."]


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
    [(Fault.too_many(7), 7.0), (Fault.page(502), 2.0), (Fault.reset(), 2.0)],
    ids=["429", "502", "reset"],
)
async def test_passing_failures_ask_for_another_try(scene: Scene, fault: Fault, wait: float) -> None:
    scene.telegram.emu.faults.add("sendMessage", fault)
    with pytest.raises(DeliveryError) as caught:
        await scene.face.sinks.open(scene.turn()).finish(Reply("Hello."))
    assert caught.value.retry_after == wait
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


async def test_a_429_while_streaming_only_skips_frames(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("These are the first words")
    await scene.until(1)
    rule = scene.telegram.emu.faults.add("editMessageText", Fault.too_many(1), times=1)
    for n in range(20):
        sink.show("These are the first words " + "and more " * n)
        await asyncio.sleep(0.02)
    assert rule.used == 1
    assert scene.shown() == ["These are the first words"]
    await sink.finish(Reply("The end."))
    assert scene.shown() == ["The end."]


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


async def test_off_shows_only_the_end(telegram: RunningEmulator, below: Below, nursery: Nursery) -> None:
    face = make_face(telegram, below, nursery, "off")
    scene = await scene_in(telegram, below, face)
    sink = face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Some words that nobody sees")
    await asyncio.sleep(0.3)
    assert scene.shown() == []
    await sink.finish(Reply("word " * 100))
    assert scene.question.entry.edits == 0
    assert len(scene.shown()) == 1
    await face.close()


async def test_drafts_in_private_chats(telegram: RunningEmulator, below: Below, nursery: Nursery) -> None:
    face = make_face(telegram, below, nursery, "draft")
    scene = await scene_in(telegram, below, face)
    sink = face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Some words as a draft first")
    await asyncio.sleep(0.3)
    assert scene.shown() == []
    draft = telegram.calls("sendMessageDraft")[-1].params
    assert (draft["text"], draft["can_stop"]) == ("Some words as a draft first", "true")
    await sink.finish(Reply("Some words as a draft first, then a message."))
    assert scene.shown() == ["Some words as a draft first, then a message."]
    await face.close()


async def test_a_second_sink_of_a_turn_ends_the_first(scene: Scene) -> None:
    first = scene.face.sinks.open(scene.turn())
    await first.begin()
    first.show("Words of the attempt that broke off")
    await scene.until(1)
    second = scene.face.sinks.open(scene.turn())
    await second.begin()
    first.show("Words of the attempt that broke off, late")
    second.show("Words of the second attempt, quite others")
    await asyncio.sleep(0.3)
    assert scene.shown() == ["Words of the second attempt, quite others"]
    await second.finish(Reply("The end."))
    assert scene.shown() == ["The end."]
