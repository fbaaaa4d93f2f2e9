"""Questions about the asker, answered from the facts that stand in the prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.rehearsal import kitchen
from bot.playground.rehearsal.language import Language, stems
from bot.playground.rehearsal.phrases import quoted, say
from bot.playground.rehearsal.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Topic:
    """A question about the asker and the facts that answer it; no `fits` means all of them."""

    name: str
    asked: re.Pattern[str]
    fits: re.Pattern[str] | None


def _topic(name: str, asked: str, fits: str | None) -> Topic:
    return Topic(name, re.compile(asked, re.IGNORECASE), re.compile(fits, re.IGNORECASE) if fits else None)


_TOPICS = (
    _topic(
        "cook",
        r"what (?:should|can|could|shall|do) (?:i|we) (?:cook|make|eat|have)\b|what'?s for (?:dinner|lunch"
        r"|supper)"
        r"|(?:suggest|recommend).{0,30}(?:dinner|lunch|dish|recipe|meal)|(?:що|шо)\b.{0,30}(?:приготувати"
        r"|зготувати)"
        r"|на вечерю|на обід|порадь.{0,20}страв|(?:что|чего)\b.{0,30}приготовить|на ужин|на обед",
        None,
    ),
    _topic(
        "all",
        r"what (?:do|can) you (?:know|remember|tell me) (?:of|about) me|what do you remember\b|who am i\b"
        r"|що ти (?:про мене )?(?:знаєш|пам'ятаєш)|що .{0,20}про мене|хто я\b"
        r"|что ты (?:обо мне )?(?:знаешь|помнишь)|что .{0,20}обо мне|кто я\b",
        None,
    ),
    _topic(
        "home",
        r"where (?:do|am) i (?:now )?liv|where is my home|my (?:city|town|address)\b|де я (?:\w+ )?(?:живу"
        r"|мешкаю|жила?|жив\b)"
        r"|где я (?:\w+ )?(?:живу|жила?\b)|(?:моє|мій) (?:місто|дім)|мой (?:город|дом)",
        r"\b(?:lives?|moved|home|resides|живе|мешкає|переїха\w+|перебра\w+|жив[её]т|переехал\w*|місто"
        r"|город)\b",
    ),
    _topic(
        "name",
        r"what(?:'?s| is) my name|how am i called|do you (?:know|remember) my name|як мене (?:звати|звуть)"
        r"|як моє ім'я"
        r"|моє ім'я|как меня зовут|мо[её] имя",
        r"\b(?:name|called|ім'я|звати|звуть|имя|зовут)\b",
    ),
    _topic(
        "birthday",
        r"(?:when|what).{0,15}my birthday|how old am i|коли .{0,10}день народження|скільки мені років"
        r"|когда .{0,10}день рождения|сколько мне лет",
        r"\b(?:birthday|born|народ\w+|рожд\w+|родил\w+)\b",
    ),
    _topic(
        "work",
        r"(?:where|what|who).{0,12}\bi work|what(?:'?s| is) my (?:job|profession)|what do i do\b"
        r"|(?:де|ким) я працюю|(?:где|кем) я работаю",
        r"\b(?:works?|job|працює|працюю|работает|работа)\b",
    ),
    _topic(
        "taste",
        r"what (?:do|don't) i (?:not )?(?:like|love|eat|drink|hate)|що я (?:не )?(?:люблю|їм|п'ю)"
        r"|що мені подобається"
        r"|что я (?:не )?(?:люблю|ем|пью)|что мне нравится",
        kitchen.DIET.pattern,
    ),
    _topic(
        "pronouns",
        r"my pronouns|мої займенники|мои местоимения",
        r"\b(?:pronouns?|займенник\w*|местоимени\w*)\b",
    ),
)
_OWN = re.compile(
    r"\b(?:my|mine|am i|do i|did i|have i|мій|моя|моє|мої|мене|мені|мого|моєї|мой|мо[её]|мои|меня|мне|моего"
    r"|моей|я)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:before|previously|used to|formerly|earlier|раніше|колись|раньше|прежде)\b", re.IGNORECASE
)
_CLOSED = re.compile(
    r"\b(?:until|till|former\w*|closed|no longer|superseded|раніше|колишн\w+|закрит\w+|раньше|бывш\w+|до \d)",
    re.IGNORECASE,
)


def past(text: str) -> bool:
    """Whether a question is about what was so before."""
    return bool(_PAST.search(text))


def closed(fact: str) -> bool:
    """Whether a listed fact is marked as one of the past."""
    return bool(_CLOSED.search(fact))


def topic_of(text: str) -> Topic | None:
    """What about the asker is asked, if anything."""
    flat = text.replace("’", "'").replace("ʼ", "'")
    return next((topic for topic in _TOPICS if topic.asked.search(flat)), None)


def own(text: str) -> bool:
    """Whether a question is about the asker's own affairs."""
    return bool(_OWN.search(text))


def answer(topic: Topic, facts: Sequence[str], prompt: Prompt) -> str | None:
    """The answer from the facts; None when nothing in them fits."""
    language = prompt.language
    if topic.name == "cook":
        return _cook(list(facts), language)
    fitting = [fact for fact in facts if topic.fits is None or topic.fits.search(fact.replace("’", "'"))]
    if not fitting:
        return say(language, "label_name", name=prompt.name) if topic.name == "name" and prompt.name else None
    if topic.name == "all":
        return "\n".join((say(language, "about_you"), *(f"- {fact}" for fact in fitting)))
    return say(language, "from_facts", facts=quoted(language, fitting[:4]))


def nearest(question: str, facts: Sequence[str], language: Language) -> str | None:
    """The fact that shares most words with a question about the asker's own affairs."""
    wanted = stems(question)
    best = max(facts, key=lambda fact: len(stems(fact) & wanted), default="")
    return say(language, "from_facts", facts=quoted(language, [best])) if stems(best) & wanted else None


def _cook(facts: list[str], language: Language) -> str:
    food = kitchen.about_food(facts)
    dishes = kitchen.suggest(food, language)
    joint = {"en": " or ", "uk": " або ", "ru": " или "}[language]
    first = say(language, "cook", dishes=joint.join(dishes)) if dishes else say(language, "cook_none")
    return (
        first
        + " "
        + (say(language, "cook_why", facts=quoted(language, food)) if food else say(language, "cook_plain"))
    )
