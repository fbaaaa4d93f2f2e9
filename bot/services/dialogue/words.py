"""Short answers as people type them: yes, no, and one of several options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

YES = frozenset(
    """
    да ага угу конечно подтверждаю записывай записывайте запиши запишите согласен согласна верно хорошо
    давай давайте ладно подходит
    так авжеж звичайно звісно підтверджую записуй записуйте згоден згодна гаразд добре підходить
    yes y yep yeah sure ok okay confirm confirmed correct right agreed ок окей ok'ay да-да
    ja oui si sí tak evet sim
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
NO = frozenset(
    """
    нет неа отмена отмени отмените отменить отбой передумал передумала
    ні скасуй скасуйте скасувати відміна відміни передумав
    no nope nah cancel cancelled stop nein non não hayır
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
_NO_PHRASES = frozenset(
    {
        "не надо", "не нужно", "не хочу", "не треба", "не потрібно", "не записывай", "не записуй",
        "never mind", "do not", "don't", "not now", "no thanks", "no thank you", "нет спасибо", "ні дякую",
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
    known = {word for phrase in expected for word in words_of(phrase)} if expected else YES
    meant = [word for word in said if word not in _POLITE or word in known]
    return bool(meant) and all(word in known for word in meant)


def says_no(text: str) -> bool:
    """Whether a text is nothing but a refusal."""
    said = words_of(text)
    if not said or "?" in text:
        return False
    if " ".join(said) in _NO_PHRASES:
        return True
    meant = [word for word in said if word not in _POLITE]
    return bool(meant) and all(word in NO for word in meant)


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
