"""A question taken apart: what to look for, whose words, and when they were said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.memory.kindred import kindred
from bot.memory.language import STOP_WORDS
from bot.memory.lexing import query_terms, terms
from bot.memory.timewords import Span, spans, without

MOST_TERMS = 24
"""Of a long message only so many of its terms are looked for: the first ones, which mostly say the matter."""

_ASKING = """
might may many much something anything mention mentioned remember recall remind recommend suggest suggestion
suggestions advice tips previous previously earlier conversation discuss discussed say said tell told ask
asked know think find number total amount count kind type sort different today tomorrow weekend next day
days week weeks month months year years hour hours minute minutes time times багато щось згадувати згадував
пам'ятати пам'ятаєш нагадати нагадай казати казав казала сказав говорити говорив розповідати розповідав
радити порадь знати знаєш думати думаєш кількість всього разом вид тип різні сьогодні завтра вихідні
наступний день дні днів тиждень тижні тижнів місяць місяці місяців рік роки років година години годин час
раз разів много помнить помнишь напомнить напомни говорить говорил говорила сказать сказал рассказывать
рассказывал советовать посоветуй знать знаешь думать думаешь количество всего вместе сегодня выходные
следующий разные дни дней неделя недели недель месяц месяца месяцев год года лет часа часов время раза talk
talked talking speak spoke chat chatted розмовляти розмовляли обговорювали говорили разговаривали обсуждали
item items thing things stuff річ речі вещь вещи
"""
"""Words of the asking itself: an answer seldom repeats them."""

_NODS = """
thanks thank hi hello hey bye ok okay yes yeah no nope sure please great good fine cool nice wow lol haha
sorry more continue go
дякую спасибі привіт вітаю добре гаразд так ні ага супер круто вибач ще далі
спасибо привет здравствуй хорошо ладно да нет ага круто класс извини еще дальше продолжай
"""
"""What people say without a matter of its own."""

_YOU = """
you your yours ти тебе тобі твій твоя твої ви вас вам ваш ваша ты тебе тебя твой твоя твои вы вам
remind нагадай нагадайте напомни напомните
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a search looks for.

    `terms` are index terms; `kin` has words of near meaning for some of them. `named` are the speakers whose
    names the question holds (their terms are no longer among `terms`); `to_bot` says that it speaks to the
    bot, so that the bot's own words may be meant.
    """

    text: str
    terms: tuple[str, ...]
    kin: Mapping[str, frozenset[str]] = field(default_factory=dict)
    faint: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()
    named: frozenset[str] = frozenset()
    to_bot: bool = False


def understand(text: str, now: datetime, zone: ZoneInfo, names: Iterable[str] = ()) -> Question:
    """Take a question apart, as its asker in `zone` means it at `now`; `names` are those of the speakers."""
    times = spans(text, now, zone)
    every = query_terms(text)
    spelt = _spelt_as_names(text) & set(every)
    named = {name: found for name in names if (found := _name_terms(name) & spelt)}
    wanted = _left(every, set().union(*named.values()))
    # A relative time says nothing about the words; a date, a month or a weekday may well stand in them.
    relative = [span for span in times if not any(c.isdigit() for c in span.text)]
    idle = _relative_words(text, relative)
    kept = [term for term in wanted if term not in idle]
    if times and _asking().issuperset(kept):
        kept = []  # nothing is asked but what was said then
    elif not kept:
        kept = wanted
    faint = frozenset(kept) & _asking()
    chosen = tuple(kept[:MOST_TERMS])
    return Question(
        text=text,
        terms=chosen,
        kin={term: near for term in chosen if (near := kindred(term) - set(chosen))},
        spans=tuple(times),
        faint=faint if len(faint) < len(kept) else frozenset(),
        named=frozenset(named),
        to_bot=bool(_you() & set(terms(text))),
    )


def matter(text: str) -> list[str]:
    """The terms of a text that say what it is about: none for "thanks", "what is it?" or "tell me more"."""
    idle = _asking() | _idle()
    return [t for t in query_terms(text) if t not in idle and any(c.isalnum() for c in t)]


def _left(every: Sequence[str], without_these: set[str]) -> list[str]:
    left = [term for term in every if term not in without_these]
    return left or list(every)


def _relative_words(text: str, relative: Sequence[Span]) -> set[str]:
    if not relative:
        return set()
    rest = set(query_terms(without(text, relative)))
    return {term for term in query_terms(" ".join(span.text for span in relative)) if term not in rest}


def _spelt_as_names(text: str) -> set[str]:
    """The terms of words that may be names: many are ordinary words as well, such as Rose, Will or Надія."""
    if text == text.lower():
        return set(terms(text))  # who writes no capitals writes names without them too
    return {term for word in text.split() if word[:1].isupper() for term in terms(word)}


@lru_cache(maxsize=4096)
def _name_terms(name: str) -> frozenset[str]:
    """The terms that name somebody: each part of a name of two letters or more."""
    return frozenset(term for term in terms(name) if len(term) > 1)


@lru_cache(maxsize=1)
def _asking() -> frozenset[str]:
    return frozenset(terms(_ASKING))


@lru_cache(maxsize=1)
def _idle() -> frozenset[str]:
    return frozenset(terms(" ".join(sorted(STOP_WORDS)))) | frozenset(terms(_NODS))


@lru_cache(maxsize=1)
def _you() -> frozenset[str]:
    return frozenset(terms(_YOU))
