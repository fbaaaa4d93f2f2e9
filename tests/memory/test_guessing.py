"""What a told fact is about, as far as plain rules know."""

from __future__ import annotations

import pytest

from bot.memory.guessing import guessed_kind
from bot.memory.kinds import KINDS

TOLD = [
    ("My name is Ann", "name"), ("Мене звати Оксана Лис", "name"), ("Меня зовут Пётр", "name"),
    ("My name is on the list of winners", "other"), ("My pronouns are they/them", "pronouns"),
    ("My birthday is 3 May", "birthday"), ("Я народилася в травні", "birthday"),
    ("Я родился в мае", "birthday"), ("My sister's birthday is in May", "family"),
    ("I live in Lviv", "home"), ("Я живу у Львові", "home"), ("Живу в Одесі", "home"),
    ("Я переехала в Ригу", "home"), ("I live in fear of spiders", "other"),
    ("Моя мама живе в Києві", "family"), ("My wife is called Olena", "family"),
    ("I am allergic to nuts", "health"), ("У мене алергія на горіхи", "health"),
    ("I'm vegetarian", "diet"), ("Я не їм м'яса", "diet"), ("Я не ем мясо", "diet"),
    ("I work as a nurse", "work"), ("Працюю в школі", "work"), ("My phone is 555 0100", "contact"),
    ("I love jazz", "preference"), ("Мені подобається джаз", "preference"),
    ("Мне нравится джаз", "preference"), ("I plan to learn Thai", "plan"), ("Планую вивчити тайську", "plan"),
    ("The spare key hangs in the hall", "other"), ("", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), TOLD)
def test_what_it_is_about(text: str, kind: str) -> None:
    assert kind in KINDS
    assert guessed_kind(text) == kind
