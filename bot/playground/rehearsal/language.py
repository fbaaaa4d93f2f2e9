"""Which of the three rehearsed languages a text is in, and its words cut to comparable stems."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import snowballstemmer

Language = Literal["en", "uk", "ru"]

_NOISE = re.compile(r"https?://\S+|@\w+|`[^`]*`")
_CYRILLIC = re.compile(r"[а-яёіїєґ]")
_LATIN = re.compile(r"[a-z]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_NAMED = re.compile(
    r"\b(?:language|мова|язык|in|locale)\b[\s:=*—-]{0,4}(?:is\s+)?"
    r"(?:(?P<uk>uk|ukrainian|українськ\w+)|(?P<ru>ru|russian|русск\w+)|(?P<en>en|english))\b",
    re.IGNORECASE,
)
_UK_WORDS = frozenset(
    """
    що як де це та й мене мені звати хто чи про скільки котра година ні так привіт вітаю дякую бувай ти не
    я про зараз дуже каву чай мій моя моє мої до від із зі коли чому який яка яке які порахуй далі розкажи
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
_RU_WORDS = frozenset(
    """
    что как где это и меня мне зовут кто или сколько который час нет да привет здравствуй здравствуйте
    спасибо пока ты не я о об сейчас очень кофе чай мой моя мое мои от из со когда почему какой какая
    какие посчитай дальше расскажи работаю еще
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)
_STOP = frozenset(
    """
    a an and are about all also am any anyone at be been but by can could did do does doing for from had
    has have he her him his how i if in into is it its just let me my no not of on one or our out please
    said say says she should so some tell than that the their them then there they this to us was we were
    what when where which who whom whose why will with would you your yours know remember а але без би бо
    був була були було в вас ваш вже ви він вона вони все всі де для до є ж за з зі і із його їй її їх й
    коли котра мене мені ми може мої моє мій моя на над нам нас наш не ні о об от під по при про та так
    там те ти то тобі у хто це цей ця чи що щоб я як яка яке які який казав казала сказав сказала говорив
    говорила писав писала бы был была были было вам вы где ее ей ему если есть еще и или им их к как какая
    какие какой когда кто ли меня мне мое мои мой моя мы него нее нет но ну он она они от под после с со
    сказал сказала говорил говорила та тебе тебя то того ты уже чем что чтобы эта эти это этот
    """.split()  # noqa: SIM905 - a list of words, not of quotes
)


def detect(text: str, prompt: str = "") -> Language:
    """The language of `text`; where its letters leave it open, the one that the prompt names or uses."""
    plain = _NOISE.sub(" ", text).casefold()
    cyrillic, latin = len(_CYRILLIC.findall(plain)), len(_LATIN.findall(plain))
    if cyrillic == 0 and latin == 0:
        return named(prompt) or "en"
    if latin > cyrillic:
        return "en"
    return _slavic(plain) or named(prompt) or _slavic(prompt.casefold()) or "uk"


def named(prompt: str) -> Language | None:
    """The language that a prompt names, such as "language: uk" or "answer in Ukrainian"."""
    found = _NAMED.search(prompt)
    if found is None:
        return None
    return "uk" if found["uk"] else "ru" if found["ru"] else "en"


def _slavic(text: str) -> Language | None:
    uk, ru = len(re.findall(r"[іїєґ]", text)), len(re.findall(r"[ыэёъ]", text))
    if uk == ru:
        words = set(words_of(text))
        uk, ru = len(words & _UK_WORDS - _RU_WORDS), len(words & _RU_WORDS - _UK_WORDS)
        uk += len(re.findall(r"\w['’ʼ]\w", text))
    return None if uk == ru else "uk" if uk > ru else "ru"


def words_of(text: str) -> list[str]:
    """The words in lower case, ё as е, one kind of apostrophe."""
    flat = text.casefold().replace("ё", "е").replace("’", "'").replace("ʼ", "'")
    return _WORD.findall(flat)


def stems(text: str) -> set[str]:
    """Stems of the words that carry meaning."""
    return {stem(word) for word in words_of(_NOISE.sub(" ", text)) if word not in _STOP and len(word) > 1}


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The part of a word that its forms share: Snowball for English, a prefix for Slavic words."""
    if _CYRILLIC.search(word):
        return word if len(word) <= 3 else word[: max(3, min(5, len(word) - 2))]
    return str(_english().stemWord(word.removesuffix("'s")))


@lru_cache(maxsize=1)
def _english() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
