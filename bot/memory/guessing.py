"""What a fact is about, told by plain rules where no model is asked; "other" where they do not know."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.memory.others import about_other
from bot.memory.text import normal

# A kind that has one value closes the value before it: its signs must be about the speaker beyond doubt.
_PLACE = re.compile(
    r"(?:\bI(?:'m| am)? (?:now )?liv(?:e|ing) in|\bI(?:'ve| have)? moved to"
    r"|(?:\b[яЯ] |^)(?:[зЗ]араз |[тТ]епер |[сС]ейчас |[тТ]еперь )?[жЖ]иву (?:в|у|на)"
    r"|\b[яЯ] переїха(?:в|ла) (?:до|в|у)|\b[яЯ] переехал[аи]? (?:в|на)) [A-ZА-ЯІЇЄҐ]"
)
_SIGNS: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(r"^(?:my name is|мене звати|моє ім'я|меня зовут|мое имя) \w+(?: \w+)?$"),
    "pronouns": re.compile(r"^(?:my pronouns are|мої займенники|мои местоимения) "),
    "birthday": re.compile(
        r"^(?:my birthday|i was born|мій день народження|я народи(?:вся|лась|лася)|мой день рождения"
        r"|я родил(?:ся|ась))(?!\w)"
    ),
    "health": re.compile(
        r"(?<!\w)(?:allerg|diabet|asthma|алерг|діабет|астм|аллерг|диабет)\w*"
        r"|(?<!\w)(?:my doctor|мій лікар|мой врач)"
    ),
    "diet": re.compile(
        r"(?<!\w)(?:vegan|vegetarian|kosher|halal|вегетаріан|веган|вегетариан)\w*"
        r"|(?<!\w)(?:do not eat|don't eat|не їм|не п'ю|не ем|не пью)(?!\w)"
    ),
    "work": re.compile(
        r"(?<!\w)(?:i work|my job|працюю|моя робота|работаю|моя работа)(?!\w)"
    ),
    "contact": re.compile(r"(?<!\w)(?:my (?:phone|email|e mail|number)|мій (?:телефон|номер)|моя пошта"
                          r"|мой (?:телефон|номер)|моя почта)(?!\w)"),
    "preference": re.compile(
        r"(?<!\w)(?:i (?:really )?(?:like|love|prefer|hate)|i don't like|my favou?rite|люблю|подобається"
        r"|подобаються|мій улюблений|моя улюблена|нравится|нравятся|мой любимый|моя любимая|предпочитаю)"
        r"(?!\w)"
    ),
    "plan": re.compile(
        r"(?<!\w)(?:i plan|i'm going to|i am going to|планую|збираюся|планирую|собираюсь)(?!\w)"
    ),
}  # fmt: skip


def guessed_kind(text: str) -> str:
    """The kind of a fact that a person tells about themselves, in English, Ukrainian or Russian."""
    if about_other(text):
        return "family"
    if _PLACE.search(text):
        return "home"
    words = normal(text)
    return next((kind for kind, signs in _SIGNS.items() if signs.search(words)), "other")
