"""Answers grow in the chat at a bearable pace."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bot.core.errors import DeliveryError
from bot.core.messages import Reply
from bot.playground.emulator import Fault
from tests.telegram.scene import LONG, Scene


async def test_an_answer_grows_and_ends_whole(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Here are the **first words")
    await scene.until(1)
    assert scene.shown() == ["Here are the first words"]
    assert [button["text"] for button in scene.last().buttons] == ["⏹ Stop"]
    sink.show("Here are the **first words** and _more_ of")
    await scene.until_shown("Here are the first words and more of")
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
    assert 2 <= signs <= 3
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


async def test_a_long_answer_grows_over_several_messages(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show(LONG[:6000])
    await scene.until(2)
    buttons = [bool(m.buttons) for m in scene.telegram.bot_messages(scene.chat)]
    await sink.finish(Reply("A short answer in the end."))
    assert buttons == [False, True]
    assert scene.shown() == ["A short answer in the end."]


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
    with pytest.raises(DeliveryError) as silence:
        await sink.finish(Reply("The end."))
    assert silence.value.retry_after is not None
    assert 0 < silence.value.retry_after <= 1.0
    await asyncio.sleep(silence.value.retry_after)
    await scene.face.sinks.open(scene.turn()).finish(Reply("The end."))
    assert scene.shown() == ["The end."]


@pytest.mark.parametrize("mode", ["off"])
async def test_off_shows_only_the_end(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Some words that nobody sees")
    await asyncio.sleep(0.3)
    assert scene.shown() == []
    await sink.finish(Reply("word " * 100))
    assert scene.question.entry.edits == 0
    assert len(scene.shown()) == 1


@pytest.mark.parametrize("mode", ["draft"])
async def test_drafts_in_private_chats(scene: Scene) -> None:
    sink = scene.face.sinks.open(scene.turn())
    await sink.begin()
    sink.show("Some words as a draft first")
    await scene.until_called("sendMessageDraft")
    assert scene.shown() == []
    draft = scene.telegram.calls("sendMessageDraft")[-1].params
    assert (draft["text"], draft["can_stop"]) == ("Some words as a draft first", "true")
    await sink.finish(Reply("Some words as a draft first, then a message."))
    assert scene.shown() == ["Some words as a draft first, then a message."]


async def test_a_second_sink_of_a_turn_ends_the_first(scene: Scene) -> None:
    first = scene.face.sinks.open(scene.turn())
    await first.begin()
    first.show("Words of the attempt that broke off")
    await scene.until(1)
    second = scene.face.sinks.open(scene.turn())
    await second.begin()
    first.show("Words of the attempt that broke off, late")
    second.show("Words of the second attempt, quite others")
    await scene.until_shown("Words of the second attempt, quite others")
    await second.finish(Reply("The end."))
    assert scene.shown() == ["The end."]
