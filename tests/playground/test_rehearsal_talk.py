"""What the rehearsal model makes of the conversation in its prompt, and its small abilities."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from bot.playground.rehearsal import ABILITIES
from tests.support.rehearsal import Rehearsal

HISTORY = [
    {
        "role": "user",
        "content": "[Ann (@ann, id:1)]: who brings what?\n"
        "[Borys (@borys, id:2)]: I'll bring the tent, the big one\n"
        '[Chen (id:3)] (reply to: "who brings what?"): I can take the stove and 2 lamps',
    },
    {"role": "assistant", "content": "A fine plan."},
    {"role": "user", "content": "[Borys (@borys, id:2)]: my car is broken, we go by train at 9:40"},
]
SYSTEM = (
    "You are Mnema.\n- Be kind.\n\n## Summary of the last 7 days\nBorys wants to swim in the lake Svitiaz.\n"
)
NOW = "2026-11-21 10:00 Saturday (Europe/Kyiv)"
BLOCK = f"<context>\nnow: {NOW}\n\nfacts about Ann:\n- Lives in Oslo\n</context>\n"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("@mnema_bot who is bringing the tent?", "Borys wrote: “I'll bring the tent, the big one”"),
        ("what did Borys say about the car?", "Borys wrote: “my car is broken, we go by train at 9:40”"),
        ("When does the train leave?", "Borys wrote: “my car is broken, we go by train at 9:40”"),
        ("what did Chen say?", "Chen wrote: “I can take the stove and 2 lamps”"),
        ("who wants to swim?", "My prompt says: “Borys wants to swim in the lake Svitiaz.”"),
        ("who is Napoleon?", "I find nothing about that"),
        ("what time is it?", "My prompt says it is 2026-11-21 10:00 Saturday (Europe/Kyiv)."),
        ("search my memory for lamps", "Chen wrote: “I can take the stove and 2 lamps”"),
    ],
)
async def test_questions_about_a_group(rehearsal: Rehearsal, question: str, answer: str) -> None:
    asked = f"{BLOCK}[Ann (@ann, id:1)]: {question}"
    said = await rehearsal.say(asked, system=SYSTEM, history=HISTORY)
    assert said.text.startswith(answer)


async def test_the_course_of_a_conversation(rehearsal: Rehearsal) -> None:
    said = await rehearsal.say("what did I miss?", system=SYSTEM, history=HISTORY)
    assert all(name in said.text for name in ("Borys wrote", "Chen wrote", "Svitiaz"))
    assert "Be kind" not in said.text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("хто бере намет?", "Борис: «я візьму намет і спальники»"),
        ("що Борис казав про намет?", "Борис: «я візьму намет і спальники»"),
        ("о чём мы говорили?", "Главное из разговора:"),
        ("кто берёт пальник?", "Чен: «а я пальник»"),
    ],
)
async def test_slavic_questions_in_history_merged_with_the_current_message(
    rehearsal: Rehearsal, question: str, answer: str
) -> None:
    merged = (
        "[Оля (id:1)]: хто що бере?\n[Борис (id:2)]: я візьму намет і спальники\n[Чен (id:3)]: а я пальник\n"
    )
    for content in (
        f"{merged}<context>\nnow: x\n</context>\n[Оля (id:1)]: {question}",
        f"{merged}[Оля (id:1)]: {question}",
    ):
        assert (await rehearsal.say(content)).text.startswith(answer)


async def test_a_private_history_without_labels(rehearsal: Rehearsal) -> None:
    history = [
        {"role": "user", "content": "the parcel comes on Monday"},
        {"role": "assistant", "content": "Good."},
    ]
    said = await rehearsal.say("When does the parcel come?", history=history)
    assert said.text == "You wrote: “the parcel comes on Monday”"


async def test_the_block_as_the_bot_writes_it(rehearsal: Rehearsal) -> None:
    block = (
        '<context>\nnow: 2026-11-21 10:00 (Saturday), Europe/Kyiv\nchat: "Camp" (supergroup)\n'
        "asker: Ann (@ann, id:1)\nfacts about Ann:\n- Lives in Oslo\ndialogue state:\n- unfinished booking\n"
        "recalled from earlier messages and documents:\n"
        "2026-11-02 [Chen (id:3)]: the ferry costs 40 euros\n2026-11-03 - Parking for guests is free\n"
        "the message replied to, by [Borys (@borys, id:2)], 2026-11-20 09:00:\n> the kayak is green\n"
        '</context>\n[Ann (@ann, id:1)] (reply to: "the kayak is green"): '
    )
    answers = {
        "what does the ferry cost?": "Chen wrote: “the ferry costs 40 euros”",
        "is parking free?": "My prompt says: “2026-11-03 - Parking for guests is free”",
        "which colour is the kayak?": "Borys wrote: “the kayak is green”",
        "what do you know about me?": "This is what my prompt says about you:\n- Lives in Oslo",
    }
    for question, answer in answers.items():
        assert (await rehearsal.say(block + question)).text == answer
    private = '<context>\nnow: x\nasker: Oksana (id:5)\n</context>\n(reply to: "hm"): Як мене звати?'
    assert "«Oksana»" in (await rehearsal.say(private)).text


async def test_search_memory_is_called_when_asked(rehearsal: Rehearsal) -> None:
    asked = await rehearsal.say("Пошукай у пам'яті намет", tools=["search_memory"])
    assert asked.calls == [("search_memory", {"query": "намет"})]
    told = await rehearsal.say(
        "Пошукай у пам'яті намет",
        tools=["search_memory"],
        results={"search_memory": ["2026-11-02 Борис: намет мій"]},
    )
    assert told.text == "Пошук знайшов: 2026-11-02 Борис: намет мій"


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("hello", "Hello!"),
        ("дякую!", "Будь ласка!"),
        ("пока", "До встречи!"),
        ("як справи?", "Я репетиційна модель"),
        ("2+2", "2+2 = 4"),
        ("what is 2 * (7 - 3) / 5?", "2 * (7 - 3) / 5 = 1.6"),
        ("скільки буде 0,1+0,2?", "0,1+0,2 = 0.3"),
        ("count to 5", "1 2 3 4 5"),
        ("write me a poem", "I am a rehearsal model"),
        ("напиши вірш про осінь", "Я репетиційна модель"),
        ("переведи это на немецкий", "Я репетиционная модель"),
        ("1/0", "I am a rehearsal model"),
        ("👍", "I am a rehearsal model"),
    ],
)
async def test_small_abilities(rehearsal: Rehearsal, message: str, answer: str) -> None:
    said = await rehearsal.say(message)
    assert said.text.startswith(answer)
    if "репети" in answer + said.text and "справи" not in message:
        assert "LLM_BASE_URL" in said.text


@pytest.mark.parametrize(
    ("message", "language"), [("what can you do?", "en"), ("що ти вмієш?", "uk"), ("что ты умеешь?", "ru")]
)
async def test_the_abilities_are_listed(rehearsal: Rehearsal, message: str, language: str) -> None:
    said = await rehearsal.say(message)
    assert all(line in said.text for line in ABILITIES[language])


async def test_the_prompt_names_the_language_of_an_emoji(rehearsal: Rehearsal) -> None:
    assert (await rehearsal.say("👍", system="Language: uk")).text.startswith("Я репетиційна")


async def test_continue_goes_on_where_the_answer_broke_off(rehearsal: Rehearsal) -> None:
    history = [{"role": "user", "content": "count to 9"}, {"role": "assistant", "content": "1 2 3 4"}]
    assert (await rehearsal.say("continue", history=history)).text == "5 6 7 8 9"
    story = [
        {"role": "user", "content": "розкажи довгу історію"},
        {"role": "assistant", "content": "Ось довгий текст.\n1. Річка.\n2. У вікні"},
    ]
    assert (await rehearsal.say("Продовжуй", history=story)).text.startswith("3. Хтось рахував")


def picture(colour: str, width: int, height: int) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


async def test_pictures_are_really_decoded(rehearsal: Rehearsal) -> None:
    broken = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
    said = await rehearsal.say(
        [
            {"type": "text", "text": "what is on the table?"},
            picture("#dd2020", 64, 48),
            picture("navy", 7, 900),
            broken,
        ]
    )
    assert "Pictures I was sent: 3." in said.text
    assert "1: 64 × 48 pixels, mostly red" in said.text
    assert "2: 7 × 900 pixels, mostly" in said.text
    assert "3: cannot be decoded" in said.text
    assert "cannot recognise" in said.text


async def test_a_summary_keeps_names_and_stays_within_its_tokens(rehearsal: Rehearsal) -> None:
    talk = "\n".join(f"[Ann (@ann, id:1)]: point {n}: the tent stands at camp {n}" for n in range(40))
    talk += "\n[Borys (id:2)]: we leave by train at 9:40 on 12 May from platform 3"
    order = "Summarise the conversation of this chat in at most 120 tokens, naming the speakers."
    said = await rehearsal.say(talk, system=order, max_tokens=150)
    assert said.finish == "stop"
    assert said.usage.completion_tokens <= 150
    assert "Ann: " in said.text
    previous = "Previous summary:\n- Chen owns the stove\n\nNew messages:\n[Ann (id:1)]: the tent is dry"
    carried = await rehearsal.say(previous, system=order)
    assert carried.text.splitlines() == ["- Chen owns the stove", "- Ann: the tent is dry"]


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["facts", "mood", "count"],
    "$defs": {
        "fact": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text", "kind", "quote", "message", "subject", "valid_at"],
            "properties": {
                "text": {"type": "string"},
                "kind": {"enum": ["home", "diet", "other"]},
                "quote": {"type": "string"},
                "message": {"type": "integer", "minimum": 1},
                "subject": {"type": "string"},
                "valid_at": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
        }
    },
    "properties": {
        "facts": {"type": "array", "items": {"$ref": "#/$defs/fact"}},
        "mood": {"type": "string", "enum": ["good", "bad"]},
        "count": {"type": "integer", "minimum": 3},
    },
}


async def test_structured_output_holds_the_facts_and_conforms(rehearsal: Rehearsal) -> None:
    talk = "12 [Ann (@ann, id:1)]: I live in Oslo\n13 [Borys (id:2)]: hm\n14 [Borys (id:2)]: я не їм м'яса"
    wanted = {"type": "json_schema", "json_schema": {"name": "facts", "schema": SCHEMA, "strict": True}}
    value = json.loads((await rehearsal.say(talk, system="Extract facts.", response_format=wanted)).text)
    ann = {"text": "Lives in Oslo", "kind": "home", "quote": "I live in Oslo", "subject": "Ann"}
    assert value["facts"][0] == {**ann, "message": 12, "valid_at": None}
    assert (value["facts"][1]["subject"], value["facts"][1]["message"]) == ("Borys", 14)
    assert (value["mood"] in ("good", "bad"), value["count"]) == (True, 3)
    small = await rehearsal.say(talk, response_format=wanted, max_tokens=40)
    assert json.loads(small.text)["facts"] == []
    assert json.loads((await rehearsal.say("hi", response_format={"type": "json_object"})).text) == {}
