"""The words for times in English, Ukrainian and Russian: numbers, units, weekdays, months, seasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

V = TypeVar("V")


def _table(rows: Iterable[tuple[V, str]]) -> dict[str, V]:
    return {word: value for value, words in rows for word in words.split("|")}


NUMBERS: Mapping[str, int] = _table(
    (
        (1, "a|an|one|один|одну|одна|одного|одной"),
        (2, "two|a couple of|couple of|a couple|два|дві|две|двох|двух|пару|пара"),
        (3, "three|a few|few|several|three or four|три|трьох|трех|кілька|декілька|несколько"),
        (4, "four|чотири|четыре|чотирьох|четырех"),
        (5, "five|п'ять|пять|п'яти|пяти"),
        (6, "six|шість|шесть|шести"),
        (7, "seven|сім|семь|семи"),
        (8, "eight|вісім|восемь|восьми"),
        (9, "nine|дев'ять|девять|дев'яти|девяти"),
        (10, "ten|десять|десяти"),
        (11, "eleven|одинадцять|одиннадцать"),
        (12, "twelve|дванадцять|двенадцать"),
        (14, "fourteen|чотирнадцять|четырнадцать"),
        (20, "twenty|двадцять|двадцать"),
        (30, "thirty|тридцять|тридцать"),
    )
)

VAGUE = frozenset(
    (
        "a couple of",
        "couple of",
        "a couple",
        "a few",
        "few",
        "several",
        "кілька",
        "декілька",
        "несколько",
        "пару",
        "пара",
    )
)
"""Numbers that nobody counted: the days around count as well."""

UNITS: Mapping[str, str] = _table(
    (
        ("hour", "hour|hours|година|годину|години|годин|час|часа|часов"),
        ("day", "day|days|день|дня|дні|днів|дней|дни|днями"),
        ("week", "week|weeks|тиждень|тижня|тижні|тижнів|тижню|тижнях|неделя|неделю|недели|недель|неделе"),
        ("weekend", "weekend|вихідні|вихідними|вихідних|выходные|выходных|выходными|уїк-енд|уикенд"),
        ("month", "month|months|місяць|місяця|місяці|місяців|месяц|месяца|месяцев|месяце"),
        ("year", "year|years|рік|року|роки|років|році|год|года|году|лет"),
    )
)

WEEKDAYS: Mapping[str, int] = _table(
    (
        (0, "monday|понеділок|понеділка|понедельник|понедельника"),
        (1, "tuesday|вівторок|вівторка|вторник|вторника"),
        (2, "wednesday|середа|середу|середи|среда|среду|среды"),
        (3, "thursday|четвер|четверга|четверг"),
        (4, "friday|п'ятниця|п'ятницю|п'ятниці|пятница|пятницу|пятницы"),
        (5, "saturday|субота|суботу|суботи|суббота|субботу|субботы"),
        (6, "sunday|неділя|неділю|неділі|воскресенье|воскресенья"),
    )
)

MONTHS: Mapping[str, int] = _table(
    (
        (1, "january|jan|січень|січня|січні|январь|января|январе"),
        (2, "february|feb|лютий|лютого|лютому|февраль|февраля|феврале"),
        (3, "march|mar|березень|березня|березні|март|марта|марте"),
        (4, "april|apr|квітень|квітня|квітні|апрель|апреля|апреле"),
        (5, "may|травень|травня|травні|май|мая|мае"),
        (6, "june|jun|червень|червня|червні|июнь|июня|июне"),
        (7, "july|jul|липень|липня|липні|июль|июля|июле"),
        (8, "august|aug|серпень|серпня|серпні|август|августа|августе"),
        (9, "september|sept|sep|вересень|вересня|вересні|сентябрь|сентября|сентябре"),
        (10, "october|oct|жовтень|жовтня|жовтні|октябрь|октября|октябре"),
        (11, "november|nov|листопад|листопада|листопаді|ноябрь|ноября|ноябре"),
        (12, "december|dec|грудень|грудня|грудні|декабрь|декабря|декабре"),
    )
)

SEASONS: Mapping[str, int] = _table(
    (
        (12, "winter|зима|зими|зиму|зимой|зимою|взимку|зимы"),
        (3, "spring|весна|весни|весну|весной|весною|навесні|весны"),
        (6, "summer|літо|літа|літом|влітку|лето|лета|летом"),
        (9, "autumn|fall|осінь|осені|осінню|восени|осень|осени|осенью"),
    )
)
"""A season by its first month."""

DAYS: Mapping[str, int] = _table(
    (
        (0, "today|tonight|this morning|this evening|this afternoon|сьогодні|сегодня"),
        (1, "yesterday|last night|last evening|вчора|учора|вчера|вчора ввечері|вчера вечером"),
        (2, "the day before yesterday|day before yesterday|позавчора|позавчера"),
        (-1, "tomorrow|завтра"),
        (-2, "the day after tomorrow|day after tomorrow|післязавтра|послезавтра"),
    )
)
"""Single days by how many days ago they were."""

YEARS: Mapping[str, int] = _table(((1, "торік"), (2, "позаторік"), (0, "цьогоріч")))
"""Words that name a whole year by how many years ago it was."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


LAST = _words(
    "last|previous|past|минулого|минулому|минулий|минулу|минулої|минулій|минулі|минулих|минулими|"
    "того|тієї|прошлого|прошлой|прошлом|прошлый|прошлую|прошлые|прошлых|прошлым|прошлыми"
)
THIS = _words(
    "this|current|цього|цьому|цей|цю|цієї|ці|цих|цими|поточного|этого|этой|этом|этот|эту|эти|этих|этими"
)
BEFORE_LAST = _words(
    "позаминулого|позаминулому|позаминулий|позаминулу|позаминулої|"
    "позапрошлого|позапрошлой|позапрошлом|позапрошлый|позапрошлую|позапрошлые"
)
ROLLING = _words("last|past|previous|останні|останній|останніх|последние|последний|последних")
"""Before a number of units: so long until now."""

SINCE = _words("since|з|із|від|с|со|от")
IN = _words("in|during|at|on|by|of|for|early|late|mid|у|в|во|на|за|about|around|since")
"""What stands before a month or a year that is meant as a time."""
