"""How people say things about themselves in three languages, and how the thing is put neutrally."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.rehearsal.language import Language

Template = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A clause's shape, the kind of fact it states, and the neutral sentence; {v}, {k} are its groups."""

    shape: re.Pattern[str]
    kind: str
    template: Template


def _verb(forms: dict[str, str], after: str = " {v}", before: str = "") -> Template:
    """A template that turns the first person of the `verb` group into the third."""

    def text(found: re.Match[str]) -> str:
        third = forms[found["verb"].casefold()]
        negation = (found.groupdict().get("no") or "").strip()
        whole = f"{before}{negation + ' ' if negation else ''}{third}{after.format(v=found['v'])}"
        return whole[0].upper() + whole[1:]

    return text


def _english_verb(found: re.Match[str]) -> str:
    verb, value = found["verb"].casefold(), found["v"]
    return f"Does not {verb} {value}" if found["no"] else f"{verb.capitalize()}s {value}"


_NAME = r"(?P<v>[^\W\d_][\w'-]*(?: (?!and\b|і\b|и\b|та\b)[^\W\d_][\w'-]*){0,2})"
_Row = tuple[str, str, Template]
_ENGLISH: list[_Row] = [
    (rf"(?:my name(?:'s| is)|call me|i(?:'m| am) called) {_NAME}", "name", "Name is {v}"),
    (r"my pronouns are (?P<v>.+)", "pronouns", "Pronouns: {v}"),
    (r"my birthday(?:'s| is)(?: on)? (?P<v>.+)", "birthday", "Birthday is {v}"),
    (r"i was born (?P<v>(?:on|in) .*\d.*)", "birthday", "Was born {v}"),
    (r"(?:i )?(?:now )?(?:live|reside) (?:now )?(?P<v>(?:in|at|near|on|by) .+)", "home", "Lives {v}"),
    (r"i(?:'m| am) (?:now )?living (?P<v>(?:in|at|near|on|by) .+)", "home", "Lives {v}"),
    (r"(?:i )?(?:(?:'ve|have) )?(?:just |recently )?moved to (?P<v>.+)", "home", "Moved to {v}"),
    (r"(?:i )?(?:now )?work (?P<v>(?:as|at|for|in) .+)", "work", "Works {v}"),
    (r"my (?:job|profession) is (?P<v>.+)", "work", "Job: {v}"),
    (
        r"(?:i )?(?:(?P<no>don't|do not|never|can't|cannot) )?(?P<verb>eat|drink) (?P<v>.+)",
        "diet",
        _english_verb,
    ),
    (r"i(?:'m| am) (?:a |an )?(?P<v>vegetarian|vegan|pescatarian|lactose intolerant)\b.*", "diet", "Is {v}"),
    (r"i(?:'m| am) allergic to (?P<v>.+)", "health", "Allergic to {v}"),
    (r"i have (?P<v>(?:diabetes|asthma|migraine|(?:an? )?(?:\w+ )?allergy).*)", "health", "Has {v}"),
    (
        (
            r"(?:i )?(?:(?P<no>don't|do not) )?(?:really |also |just )?(?P<verb>like|love|enjoy|hate|prefer"
            r"|adore)"
            r" (?P<v>(?!(?:it|that|this|you|your)\b).+)"
        ),
        "preference",
        _english_verb,
    ),
    (r"my favou?rite (?P<k>\w+) is (?P<v>.+)", "preference", "Favourite {k} is {v}"),
    (
        (
            r"my (?P<k>wife|husband|son|daughter|mother|mom|mum|father|dad|sister|brother|partner|girlfriend"
            r"|boyfriend"
            r"|dog|cat)(?:'s name)? is (?:called |named )?(?P<v>.+)"
        ),
        "family",
        "{K}: {v}",
    ),
    (
        (
            r"i have (?P<v>(?:an?|two|three|four|\d+) (?:\w+ )?(?:sons?|daughters?|kids?|child|children"
            r"|brothers?|sisters?"
            r"|dogs?|cats?)\b.*)"
        ),
        "family",
        "Has {v}",
    ),
    (r"i(?:'m| am)? plan(?:ning)? to (?P<v>.+)", "plan", "Plans to {v}"),
    (r"my (?P<k>phone(?: number)?|e-?mail) is (?P<v>.+)", "contact", "{K}: {v}"),
    (r"i speak (?P<v>.+)", "language", "Speaks {v}"),
]
_UKRAINIAN: list[_Row] = [
    (rf"(?:мене (?:звати|звуть)|моє ім'я|називай(?:те)? мене)(?: [—–-])?:? {_NAME}", "name", "Ім'я: {v}"),
    (r"мої займенники(?: [—–-])?:? (?P<v>.+)", "pronouns", "Займенники: {v}"),
    (
        r"(?:мій день народження|у мене день народження)(?: [—–-])?:? (?P<v>.+)",
        "birthday",
        "День народження: {v}",
    ),
    (r"(?:я )?(?P<k>народився|народилася|народилась) (?P<v>.*\d.*)", "birthday", "{K} {v}"),
    (
        r"(?:я )?(?:зараз |тепер )?(?:живу|мешкаю) (?:зараз |тепер )?(?P<v>(?:в|у|на|під|біля) .+)",
        "home",
        "Живе {v}",
    ),
    (
        (
            r"(?:я )?(?:вже |нещодавно |щойно )?(?P<k>переїхала?|переїхав|перебралася"
            r"|перебрався) (?P<v>(?:до|в"
            r"|у|на) .+)"
        ),
        "home",
        "{K} {v}",
    ),
    (r"(?:я )?(?:зараз |тепер )?працюю (?P<v>.+)", "work", "Працює {v}"),
    (
        r"(?:я )?(?P<no>не )?(?P<verb>їм|п'ю|вживаю) (?P<v>.+)",
        "diet",
        _verb({"їм": "їсть", "п'ю": "п'є", "вживаю": "вживає"}),
    ),
    (r"(?:я )?(?P<v>вегетаріан(?:ець|ка)|веган(?:ка)?)\b.*", "diet", "{V}"),
    (r"(?:я )?маю (?P<v>(?:алергію|діабет|астму).*)", "health", "Має {v}"),
    (r"(?:у|в) мене (?P<v>(?:алергія|діабет|астма).*)", "health", "{V}"),
    (
        (
            r"(?:я )?(?P<no>не )?(?:дуже |також )?(?P<verb>люблю|обожнюю|ненавиджу|полюбляю) (?P<v>(?!тебе\b"
            r"|вас\b).+)"
        ),
        "preference",
        _verb({"люблю": "любить", "обожнюю": "обожнює", "ненавиджу": "ненавидить", "полюбляю": "полюбляє"}),
    ),
    (
        r"мені (?P<no>не )?(?:дуже )?(?P<verb>подобається|подобаються) (?P<v>.+)",
        "preference",
        _verb({"подобається": "подобається", "подобаються": "подобаються"}),
    ),
    (r"мо[єяї]?й? (?P<k>улюблен\w+ \w+)(?: [—–-]|:| це) (?P<v>.+)", "preference", "{K}: {v}"),
    (
        (
            r"мо(?:го|ю|єї|їх) (?P<k>чоловіка|дружину|сина|доньку|дочку|маму|тата|сестру|брата|кота|кішку"
            r"|собаку"
            r"|пса)"
            r" (?:звати|звуть) (?P<v>.+)"
        ),
        "family",
        "{K} звати {v}",
    ),
    (
        (
            r"(?:у|в) мене є (?P<v>(?:\w+ )?(?:син|донька|дочка|діти|дитина|кіт|кішка|собака|пес|брат|сестра"
            r"|чоловік"
            r"|дружина)\b.*)"
        ),
        "family",
        "Є {v}",
    ),
    (r"(?:я )?планую (?P<v>.+)", "plan", "Планує {v}"),
    (r"мій (?P<k>телефон|номер телефону|e-?mail|мейл)(?: [—–-])?:? (?P<v>.+)", "contact", "{K}: {v}"),
    (r"(?:я )?розмовляю (?P<v>\w+ою)", "language", "Розмовляє {v}"),
]
_RUSSIAN: list[_Row] = [
    (rf"(?:меня зовут|мое имя|моё имя|зови(?:те)? меня)(?: [—–-])?:? {_NAME}", "name", "Имя: {v}"),
    (r"мои местоимения(?: [—–-])?:? (?P<v>.+)", "pronouns", "Местоимения: {v}"),
    (r"(?:мой день рождения|у меня день рождения)(?: [—–-])?:? (?P<v>.+)", "birthday", "День рождения: {v}"),
    (r"(?:я )?(?P<k>родился|родилась) (?P<v>.*\d.*)", "birthday", "{K} {v}"),
    (
        r"(?:я )?(?:сейчас |теперь )?живу (?:сейчас |теперь )?(?P<v>(?:в|во|на|под|у|около) .+)",
        "home",
        "Живёт {v}",
    ),
    (
        (
            r"(?:я )?(?:уже |недавно |только что )?(?P<k>переехала?|перебралась|перебрался) (?P<v>(?:в|во|на"
            r"|к) .+)"
        ),
        "home",
        "{K} {v}",
    ),
    (r"(?:я )?(?:сейчас |теперь )?работаю (?P<v>.+)", "work", "Работает {v}"),
    (
        r"(?:я )?(?P<no>не )?(?P<verb>ем|пью|употребляю) (?P<v>.+)",
        "diet",
        _verb({"ем": "ест", "пью": "пьёт", "употребляю": "употребляет"}),
    ),
    (r"(?:я )?(?P<v>вегетариан(?:ец|ка)|веган(?:ка)?)\b.*", "diet", "{V}"),
    (r"у меня (?P<v>(?:аллергия|диабет|астма).*)", "health", "{V}"),
    (
        (
            r"(?:я )?(?P<no>не )?(?:очень |также |тоже )?(?P<verb>люблю|обожаю|ненавижу"
            r"|предпочитаю) (?P<v>(?!тебя\b|вас\b).+)"
        ),
        "preference",
        _verb(
            {"люблю": "любит", "обожаю": "обожает", "ненавижу": "ненавидит", "предпочитаю": "предпочитает"}
        ),
    ),
    (
        r"мне (?P<no>не )?(?:очень )?(?P<verb>нравится|нравятся) (?P<v>.+)",
        "preference",
        _verb({"нравится": "нравится", "нравятся": "нравятся"}),
    ),
    (r"мо[йяеё]и? (?P<k>любим\w+ \w+)(?: [—–-]|:| это) (?P<v>.+)", "preference", "{K}: {v}"),
    (
        (
            r"мо(?:его|ю|ей) (?P<k>мужа|жену|сына|дочь|дочку|маму|папу|сестру|брата|кота|кошку"
            r"|собаку) зовут (?P<v>.+)"
        ),
        "family",
        "{K} зовут {v}",
    ),
    (
        (
            r"у меня есть (?P<v>(?:\w+ )?(?:сын|дочь|дочка|дети|ребенок|ребёнок|кот|кошка|собака|брат|сестра"
            r"|муж"
            r"|жена)\b.*)"
        ),
        "family",
        "Есть {v}",
    ),
    (r"(?:я )?планирую (?P<v>.+)", "plan", "Планирует {v}"),
    (r"мой (?P<k>телефон|номер телефона|e-?mail)(?: [—–-])?:? (?P<v>.+)", "contact", "{K}: {v}"),
    (r"(?:я )?(?:говорю|разговариваю) (?P<v>(?:по-\w+|на \w+))", "language", "Говорит {v}"),
]


def _compiled(rows: list[_Row]) -> tuple[Pattern, ...]:
    return tuple(
        Pattern(re.compile(rf"^{shape}$", re.IGNORECASE), kind, template) for shape, kind, template in rows
    )


# Many first persons look alike in Ukrainian and Russian, so the language of the message goes first.
_EN, _UK, _RU = _compiled(_ENGLISH), _compiled(_UKRAINIAN), _compiled(_RUSSIAN)
PATTERNS: dict[Language, tuple[Pattern, ...]] = {
    "en": _EN + _UK + _RU,
    "uk": _UK + _RU + _EN,
    "ru": _RU + _UK + _EN,
}
REMEMBER = re.compile(
    r"^(?:please,? |будь ласка,? |пожалуйста,? )?(?:remember(?! (?:what|when|how|who|where|why))"
    r"|keep in mind|note"
    r"|don't forget|запам'ятай(?:те)?|пам'ятай|занотуй|запомни(?:те)?|имей в виду)\b(?: собі| себе| this| це"
    r"| это)?"
    r"[,:]?(?: (?:that|що|что)\b)?[,:]?\s+(?P<v>.+)$",
    re.IGNORECASE | re.DOTALL,
)
OWN = re.compile(r"^(?:my|i|i'm|i am|я|мій|моя|моє|мої|мой|моё|мое|мои|у мене|в мене|у меня) ", re.IGNORECASE)
