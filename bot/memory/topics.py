"""What people talk about: the words that most messages hold, counted within bounded memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from bot.memory.lexing import meant_words, terms

PEOPLE = 3
"""A topic of fewer people is shown to nobody: it could tell who they are."""

MOST_TERMS = 20_000
"""Terms that are counted at a time; beyond that the rarest are let go, which no frequent one ever is."""

_MOST_FORMS = 8
_LONGEST = 10_000
"""Characters of a message that are looked at."""

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)

_SMALL_TALK = """
actually already anyone anything bit day days done everyone everything fine gonna good great guess hello help
hey hi idea know little look lots make maybe mean morning much need new nice okay one ones people probably
right said say see someone something sorry soon still stuff sure take tell thank thanks that's thing things
think time times today tomorrow tonight try two use using want way week well wow yeah yep yesterday
без більше буду будемо будете будуть взагалі вже все всього два день дня дні добре добрий дякую думаю думаєш
дуже знаю знаєш знову зараз зробити робити казати каже кажу краще люди мабуть маю має можемо можеш може можу
можливо наприклад ніколи новий один одна одне потрібно потрібна правда привіт прошу просто раз разом рік
року років сказати сказав сказала завжди завтра сьогодні вчора спасибі справді також тиждень тільки трохи
треба хочу хочеш хоче час часу чудово ласка ласкаво розкажи хтось щодня якийсь
больше буду будем будете будут будет вообще всегда всего вчера говорить говорит говорю года год два день дня
дней делать дела деле думаю думаешь завтра знаю знаешь значит конечно кстати ладно лучше люди можем можешь
можете наверное надо например никогда новый нужно нужна нужен один одна одно опять пожалуйста понял поняла
понятно правда привет просто раз рассказать расскажи сделать сегодня сейчас сказать сказал сказала спасибо
точно тоже хорошо хочу хочешь хочет хотел хотела часто время времени вместе кто-то что-то
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """A word in the form that is used most, and how many messages hold it in any."""

    word: str
    messages: int


@dataclass(slots=True)
class _Counted:
    messages: int = 0
    people: set[int] = field(default_factory=set)
    """The first few, no more than are asked for."""
    forms: Counter[str] = field(default_factory=Counter)


def topic_words(text: str) -> dict[str, str]:
    """What a message may be about: words by their terms. A command, a link and small talk are nothing."""
    if text.startswith("/"):
        return {}
    words, idle = meant_words(_URL.sub(" ", text[:_LONGEST])), _idle()
    return {term: word for term, word in words.items() if term not in idle}


@cache
def _idle() -> frozenset[str]:
    return frozenset(terms(_SMALL_TALK))


class TopicCounter:
    """Counts the words of messages."""

    def __init__(self) -> None:
        self._found: dict[str, _Counted] = {}

    def add(self, person: int, words: Mapping[str, str]) -> None:
        """Count the `topic_words` of a message of a person."""
        for term, word in words.items():
            self._note(term, word, person)
        if len(self._found) > MOST_TERMS:
            self._let_go()

    def top(self, limit: int) -> list[Topic]:
        """The words that most messages hold, of those that enough people used."""
        shown = [
            Topic(_form(counted.forms), counted.messages)
            for counted in self._found.values()
            if len(counted.people) >= PEOPLE
        ]
        return sorted(shown, key=lambda topic: (-topic.messages, topic.word))[:limit]

    def _note(self, term: str, word: str, person: int) -> None:
        counted = self._found.setdefault(term, _Counted())
        counted.messages += 1
        if len(counted.people) < PEOPLE:
            counted.people.add(person)
        if word in counted.forms or len(counted.forms) < _MOST_FORMS:
            counted.forms[word] += 1

    def _let_go(self) -> None:
        by_count = sorted(self._found.items(), key=lambda item: -item[1].messages)
        self._found = dict(by_count[: MOST_TERMS // 2])


def _form(forms: Counter[str]) -> str:
    """The most used one; of equal ones the shortest, which is mostly the plain one."""
    return min(forms.items(), key=lambda item: (-item[1], len(item[0]), item[0]))[0]
