"""What the rehearsal model does with facts: hands them over, never claims more, answers from its prompt."""

from __future__ import annotations

import pytest

from tests.support.rehearsal import Rehearsal

OKSANA = "Привіт! Мене звати Оксана, я живу в Києві і не їм м'яса."


async def kinds(rehearsal: Rehearsal, message: str) -> dict[str, tuple[str, str]]:
    """Kind → (text, quote) of the facts that a message makes it hand over."""
    said = await rehearsal.say(message, tools=["save_user_fact"])
    assert all(name == "save_user_fact" for name, _ in said.calls)
    assert all(args["quote"] in message for _, args in said.calls)
    return {args["kind"]: (args["text"], args["quote"]) for _, args in said.calls}


async def test_three_facts_of_one_ukrainian_message_in_parallel(rehearsal: Rehearsal) -> None:
    assert await kinds(rehearsal, OKSANA) == {
        "name": ("Ім'я: Оксана", "Мене звати Оксана"),
        "home": ("Живе в Києві", "я живу в Києві"),
        "diet": ("Не їсть м'яса", "не їм м'яса"),
    }


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        ("My name is Ann Lee and I'm here", "name", "Name is Ann Lee"),
        ("hey, I live in Oslo!", "home", "Lives in Oslo"),
        ("I don’t eat fish or nuts.", "diet", "Does not eat fish or nuts"),
        ("I never drink coffee", "diet", "Does not drink coffee"),
        ("I'm allergic to cats", "health", "Allergic to cats"),
        ("I like apples, pears and plums", "preference", "Likes apples, pears and plums"),
        ("I work as a nurse.", "work", "Works as a nurse"),
        ("My birthday is 5.05.1990", "birthday", "Birthday is 5.05.1990"),
        ("I moved to Lviv", "home", "Moved to Lviv"),
        ("my son is called Tim", "family", "Son: Tim"),
        ("Please remember that my car is red", "other", "Car is red"),
        ("@mnema_bot remember that I love jazz", "preference", "Loves jazz"),
        ("Я переїхала до Львова.", "home", "Переїхала до Львова"),
        ("Запам’ятай, що я люблю каву", "preference", "Любить каву"),
        ("Працюю вчителькою у школі", "work", "Працює вчителькою у школі"),
        ("У мене алергія на горіхи", "health", "Алергія на горіхи"),
        ("Меня зовут Игорь", "name", "Имя: Игорь"),
        ("Снег, и теперь я живу в Риге", "home", "Живёт в Риге"),
        ("Запомни, что я не ем лук", "diet", "Не ест лук"),
        ("Я переехал в Гданьск", "home", "Переехал в Гданьск"),
        ("Запомни: встреча в пятницу в 9", "other", "Встреча в пятницу в 9"),
    ],
)
async def test_facts_in_three_languages(rehearsal: Rehearsal, message: str, kind: str, text: str) -> None:
    found = await kinds(rehearsal, message)
    assert found[kind][0] == text
    assert len(found) == 1


@pytest.mark.parametrize(
    "message",
    [
        "Do I like jazz?",
        "I love you",
        "live in peace",
        "I'd like a coffee",
        "де я живу?",
        "Remember when we met",
    ],
)
async def test_what_is_no_fact(rehearsal: Rehearsal, message: str) -> None:
    assert await kinds(rehearsal, message) == {}


async def test_saved_is_said_only_of_what_a_result_confirms(rehearsal: Rehearsal) -> None:
    done = await rehearsal.say(
        OKSANA,
        tools=["save_user_fact"],
        results={"save_user_fact": ["Remembered: Ім'я", '{"error": "full"}', "Already remembered: x"]},
    )
    assert done.calls == []
    assert "Збережено: «Мене звати Оксана», «не їм м'яса»." in done.text
    assert "не збережено: «я живу в Києві»" in done.text
    assert "full" in done.text


async def test_without_the_tool_nothing_is_claimed(rehearsal: Rehearsal) -> None:
    said = await rehearsal.say("My name is Bob")
    assert said.calls == []
    assert "“My name is Bob”" in said.text
    assert "saved nothing" in said.text
    refused = await rehearsal.say("My name is Bob", tools=["save_user_fact"], tool_choice="none")
    assert "saved nothing" in refused.text


async def test_a_fact_and_a_question_get_both(rehearsal: Rehearsal) -> None:
    message = "I don't eat fish. What should I cook?"
    first = await rehearsal.say(message, tools=["save_user_fact"])
    assert [args["kind"] for _, args in first.calls] == ["diet"]
    second = await rehearsal.say(message, tools=["save_user_fact"], results={"save_user_fact": ["saved"]})
    assert "Saved: “I don't eat fish”" in second.text
    assert "salmon" not in second.text
    assert "How about" in second.text


SYSTEM = """You are Mnema.

## How to use memory
- When somebody states a fact, call save_user_fact.
- Be brief about rules.

## What you know about Oksana
- Звати Оксана
- Живе у Львові
- Не їсть м'яса

## Tools
- save_user_fact: saves a fact
"""


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("Що ти про мене знаєш?", ["Звати Оксана", "Живе у Львові", "Не їсть м'яса"]),
        ("де я живу?", ["«Живе у Львові»"]),
        ("Where do I live?", ["From what is remembered: “Живе у Львові”"]),
        ("как меня зовут?", ["«Звати Оксана»"]),
        ("Коли мій день народження?", ["Цього я не знаю"]),
    ],
)
async def test_questions_about_the_asker(rehearsal: Rehearsal, question: str, holds: list[str]) -> None:
    said = await rehearsal.say(question, system=SYSTEM, tools=["get_user_facts"])
    assert said.calls == []
    assert all(part in said.text for part in holds)
    assert "brief" not in said.text


@pytest.mark.parametrize(
    ("fact", "never"),
    [
        ("Не їсть м'яса", ("курячий", "лосося")),
        ("Вегетаріанка", ("курячий", "лосося")),
        ("Is vegan", ("курячий", "лосося", "різото", "омлет")),
        ("Алергія на рибу", ("лосося",)),
    ],
)
async def test_cooking_respects_and_names_the_diet(
    rehearsal: Rehearsal, fact: str, never: tuple[str, ...]
) -> None:
    said = await rehearsal.say(
        f"<context>\nnow: 2026-11-21\nfacts:\n- {fact}\n</context>\nЩо мені приготувати?"
    )
    assert f"«{fact}»" in said.text
    assert "Можна приготувати" in said.text
    assert not any(dish in said.text for dish in never)


async def test_facts_are_fetched_once_when_the_prompt_holds_none(rehearsal: Rehearsal) -> None:
    asked = await rehearsal.say("Where do I live?", tools=["get_user_facts"])
    assert asked.calls == [("get_user_facts", {})]
    for result in (
        "1. Lives in Oslo (home, said 2026-11-02)\n2. Likes tea",
        '{"facts": [{"number": 1, "text": "Lives in Oslo"}]}',
    ):
        told = await rehearsal.say(
            "Where do I live?", tools=["get_user_facts"], results={"get_user_facts": [result]}
        )
        assert told.text == "From what is remembered: “Lives in Oslo”."
    nothing = await rehearsal.say(
        "Where do I live?", tools=["get_user_facts"], results={"get_user_facts": ["none"]}
    )
    assert "I don't know" in nothing.text


async def test_where_one_lived_before(rehearsal: Rehearsal) -> None:
    earlier = [{"role": "user", "content": "я живу в Києві"}, {"role": "assistant", "content": "Добре"}]
    said = await rehearsal.say("Де я жила раніше?", system=SYSTEM, history=earlier)
    assert said.text == "Ви писали: «я живу в Києві»"
    listed = "1. Живе у Львові\n2. Живе в Києві (до 2026-11-20)"
    told = await rehearsal.say(
        "Де я жила раніше?", system=SYSTEM, tools=["get_user_facts"], results={"get_user_facts": [listed]}
    )
    assert "Києві" in told.text
    assert "Львові" not in told.text
