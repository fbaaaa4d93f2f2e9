"""The gates: nothing becomes a fact that its person did not say in so many words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.views import MessageView
from bot.memory.gates import FACT_LENGTH, Refused, checked_fact, checked_kind, foreign_part, source_of
from bot.memory.kinds import KINDS, SENSITIVE, SINGLE, UNCOUNTED
from bot.memory.text import holds, normal
from tests.support.clock import START

# Letters of the languages people write here; exotic ones change their number when their case is swapped.
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZäöüéñßабвгґдеєжзиіїйклмнопрстуфхцчшщьюяёыэъАБЇЄ0123456789"
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1)


def said(text: str, number: int = 1, **more: object) -> MessageView:
    return MessageView(number, bool(more.pop("outgoing", False)), "Ann (id:1)", text, START, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("My name is Ann, and I'm from Lviv!", "my name is ann"),
        ("My name is Ann, and I'm from Lviv!", "I’m from LVIV."),
        ("I am\nallergic   to nuts", "I am allergic to nuts"),
        ("Мене звати Соломія, я люблю м’яту", "я люблю м'яту"),
        ("Мене звати Соломія, я люблю м'яту", "Я люблю мʼяту!"),
        ("Ім‘я моє Дар`я", "ім'я моє Дар'я"),
        ("Я живу у Києві — вже 5 років.", "я живу у києві вже 5 років"),
        ("Ещё я не ем мясо, совсем.", "еще я не ем мясо"),
        ("Меня зовут Фёдор", "меня зовут «Фе\u0308дор»"),
        ("call me 'Kit', please", "call me Kit"),
        ("I write C++ and C#, mostly", "I write C++ and C#"),
        ("Straße 5, Köln", "STRASSE 5, Ko\u0308ln"),
        ("我住在北京市朝阳区", "我住在北京"),
        ("ฉันชอบกินข้าวผัด", "ชอบกินข้าว"),
    ],
)
def test_a_verbatim_quote_is_found_whatever_its_case_and_punctuation(message: str, quote: str) -> None:
    assert source_of(quote, [said("something else", 7), said(message, 8)]).id == 8


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("My name is Ann", "my name is Anna"),
        ("My name is Anna", "my name is Ann"),
        ("I love cats", "love cat"),
        ("I do not eat meat", "I eat meat"),
        ("Я не люблю каву", "я люблю каву"),
        ("Я люблю м'яту", "люблю яту"),
        ("I write C++", "I write C"),
        ("ฉันอ่านข่าว", "ข้าว"),
        ("My name is Ann", ""),
        ("My name is Ann", "…!?"),
        ("😀 hello", "😀"),
        ("", "anything"),
    ],
)
def test_anything_else_is_no_quote(message: str, quote: str) -> None:
    with pytest.raises(Refused):
        source_of(quote, [said(message)])


def test_only_the_persons_own_words_count() -> None:
    bot, forwarded = said("I live in Lviv", outgoing=True), said("I live in Lviv", forwarded_from="Bob")
    with pytest.raises(Refused):
        source_of("I live in Lviv", [bot, forwarded])
    with pytest.raises(Refused, match="own words"):
        source_of("I live in Lviv", [])
    own = [said("I live in Lviv", 5), said("yes, I live in Lviv", 6), bot]
    assert source_of("I live in Lviv", own).id == 6
    assert foreign_part(own) is None
    assert foreign_part([*own, forwarded]) == "forwarded text"
    # Where its owner will be asked, what they forwarded may be the source; the bot's words never.
    assert source_of("I live in Lviv", [forwarded], forwarded=True) is forwarded
    with pytest.raises(Refused):
        source_of("I live in Lviv", [bot], forwarded=True)


@given(WORDS, st.data())
def test_every_run_of_whole_words_is_a_quote(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    quote = " … ".join(words[start:end])
    if quote.swapcase().casefold() == quote.casefold():  # not so for a few letters, such as the Turkish ı
        quote = quote.swapcase()
    if normal(quote):
        assert source_of(quote, [said(", ".join(words) + "!")]).id == 1


@given(st.text(), st.text())
def test_what_holds_is_a_substring_of_the_normal_form(text: str, quote: str) -> None:
    if holds(normal(text), normal(quote)):
        assert normal(quote) in normal(text)
    assert not holds(normal(text), "")


@given(st.text())
def test_normal_is_its_own_normal(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert normal(f"  {text}\n") == normal(text)


@pytest.mark.parametrize("apostrophe", "'’‘ʼ′`´")
def test_apostrophes_are_all_the_same(apostrophe: str) -> None:
    assert normal(f"М{apostrophe}ята") == "м'ята"


@pytest.mark.parametrize(("one", "other"), [("I know C++", "I know C#"), ("ขาว", "ข้าว"), ("1.5", "15")])
def test_different_facts_stay_different(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_a_fact_is_one_line_of_bounded_length() -> None:
    assert checked_fact("  likes\n\ntea\x00 \u202e ") == "likes tea"
    assert len(checked_fact("я" * FACT_LENGTH)) == FACT_LENGTH
    for empty in ("", " \n", "\u200b", "…", "!?"):
        with pytest.raises(Refused, match="empty"):
            checked_fact(empty)


@given(st.integers(FACT_LENGTH + 1, FACT_LENGTH + 40), st.integers(0, FACT_LENGTH + 40))
def test_a_fact_that_is_too_long_is_refused_and_never_cut(length: int, space: int) -> None:
    text = "".join(" " if at == space and 0 < at < length - 1 else "x" for at in range(length))
    with pytest.raises(Refused, match="longer"):
        checked_fact(text)


def test_kinds_are_a_closed_list() -> None:
    assert [checked_kind(kind) for kind in KINDS] == list(KINDS)
    assert set(KINDS) >= SINGLE | SENSITIVE | UNCOUNTED
    for kind in ("", "Name", "secret"):
        with pytest.raises(Refused, match="unknown kind"):
            checked_kind(kind)
