"""Short answers as people type them: yes, no, and one of several options."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

YES = frozenset(
    """
    да ага угу конечно подтверждаю записывай записывайте запиши запишите согласен согласна верно хорошо
    давай давайте ладно подходит правильно бронируй бронируйте бронирую
    так авжеж звичайно звісно підтверджую записуй записуйте згоден згодна гаразд добре підходить
    вірно бронюй бронюйте бронюю погоджуюсь погоджуюся
    yes y yep yeah sure ok okay confirm confirmed correct right agreed ок окей ok'ay да-да
    ja oui si sí tak evet sim
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
NO = frozenset(
    """
    нет неа отмена отмени отмените отменить отбой передумал передумала стоп
    ні скасуй скасуйте скасувати відміна відміни передумав
    no nope nah cancel cancelled stop nein non não hayır
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
_YES_PHRASES = frozenset(
    {
        "yes thank you", "i confirm", "i agree", "that's right", "sounds good", "go ahead", "book it",
        "так і є", "так и есть", "все так", "я согласен", "я согласна", "я згоден", "я згодна",
    }
)  # fmt: skip
_NO_PHRASES = frozenset(
    {
        "не надо", "не нужно", "не хочу", "не треба", "не потрібно", "не записывай", "не записуй",
        "не подходит", "не підходить", "не сейчас", "не зараз", "no thank you", "never mind",
        "do not", "don't", "not now", "no way", "i changed my mind", "i do not want", "i don't want",
    }
)  # fmt: skip
_POLITE = frozenset("please пожалуйста будь ласка спасибо дякую thanks всё все it точно".split())  # noqa: SIM905

YES_WORD: Mapping[str, str] = {"en": "yes", "uk": "так", "ru": "да"}
NO_WORD: Mapping[str, str] = {"en": "no", "uk": "ні", "ru": "нет"}

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_NUMBER = re.compile(
    r"\W*(?:№\s*|#\s*|номер\s+|number\s+|вариант\s+|варіант\s+|option\s+)?(\d{1,3})\W*", re.I
)
_SHORTEST = 3
_PHRASE = 4
"""Words of the longest phrase."""


def words_of(text: str) -> list[str]:
    """The words, comparable: one case, one kind of apostrophe, ё as е, no punctuation."""
    folded = text.casefold().replace("ё", "е")
    return _WORD.findall(re.sub("[’‘ʼ`′]", "'", folded))


def says_yes(text: str, expected: Sequence[str] | None) -> bool:
    """Whether a text is nothing but one of the expected words, or of the usual ones where none are named."""
    said = words_of(text)
    if not said or "?" in text:
        return False
    if expected and any(said == words_of(phrase) for phrase in expected):
        return True
    if expected:
        return _only(said, {word for phrase in expected for word in words_of(phrase)}, ())
    return _only(said, YES, _YES_PHRASES)


def says_no(text: str) -> bool:
    """Whether a text is nothing but a refusal."""
    said = words_of(text)
    if not said or "?" in text:
        return False
    return _only(said, NO, _NO_PHRASES)


def _only(said: Sequence[str], words: Collection[str], phrases: Collection[str]) -> bool:
    """Whether nothing is said but the words, or one of the phrases among them; politeness does not count."""
    known = [word in words or word in _POLITE for word in said]
    if all(known):
        return any(word in words for word in said)
    first, last = known.index(False), len(known) - known[::-1].index(False)
    # Around the words that are not known the phrase may take some that are.
    return last - first <= _PHRASE and any(
        " ".join(said[start:end]) in phrases
        for start in range(max(0, first - _PHRASE), first + 1)
        for end in range(last, min(len(said), last + _PHRASE) + 1)
    )


def chosen(text: str, options: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The option that a text names: by its number or id, by its text, or by words that only it has."""
    said = words_of(text)
    for option in options:
        if said and said == words_of(option["text"]):
            return option
    if found := _NUMBER.fullmatch(text):
        return _numbered(found[1], options)
    if "?" in text or len("".join(said)) < _SHORTEST:
        return None
    fitting = [option for option in options if set(said) <= set(words_of(option["text"]))]
    return fitting[0] if len(fitting) == 1 else None


def _numbered(number: str, options: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for option in options:
        if str(option["id"]) == number:
            return option
    at = int(number)
    any_number = any(str(option["id"]).isdigit() for option in options)
    return options[at - 1] if not any_number and 0 < at <= len(options) else None
