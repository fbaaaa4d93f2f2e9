"""What stays out of groups by its nature: health, money, documents, intimate life, exact addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.memory.kinds import SENSITIVE
from bot.memory.text import normal


def _words(pattern: str) -> re.Pattern[str]:
    """Beginnings of words; `$` ends a whole word."""
    parts = (part.strip() for part in pattern.split("|"))
    shaped = (rf"{part[:-1]}(?!\w)" if part.endswith("$") else rf"{part}\w*" for part in parts if part)
    return re.compile(rf"(?<!\w)(?:{'|'.join(shaped)})")


# On the normal form: one line, case-folded, without punctuation, ё as е.
_TOPICS: Mapping[str, re.Pattern[str]] = {
    "health": _words(
        "allerg|asthma|diabet|cancer|tumou?r|diagnos|disease|illness|sick$|depress|anxiet|therap|psychiat"
        "|psycholog|medicat|medicine$|pills?$|antidepress|insulin|surgery|hospital|hiv$|aids$|epilep|migrain"
        "|hypertens|blood pressure|pregnan|miscarr|abortion|disab|autis|adhd$|bipolar|schizo|addict|alcoholi"
        "|overdos|injur|chronic|symptom|vaccin|stroke$|heart attack|celiac|coeliac|intoleran|heart condition"
        "|heart disease|burnout$|burned out|burnt out|arthrit|gastrit|ulcer|insomnia|thyroid|hernia|chemo"
        "|hepatit|tubercul|seizure|eczema|psorias|back pain|panic attack"
        "|алерг|астм|діабет|онколог|пухлин|діагноз|хвороб|хворі|хворі[єю]|хвора|хворий|депресі|тривожн|ліки$"
        "|ліків$|пігулк|таблетк|операці|вагітн|викидень|аборт|інвалід|епілеп|мігрен|тиск$|псих[іо]"
        "|залежн|щеплен|інсульт|інфаркт|непереносим|аутизм|снід$|травм|артрит|артроз|гастрит|виразк|гіпертон"
        "|щитоподіб|грижа$|грижу$|грижі$|безсонн|вигоран|антидепрес|хімієтерап|гепатит|туберкул|екзем|псоріаз"
        "|болить|проблеми з серц|проблеми із серц|панічн"
        "|аллерг|диабет|опухол|диагноз|болезн|болен$|больна$|болею|болеет|болел|депресс|тревожн|лекарств"
        "|операци|беремен|выкидыш|инвалид|мигрен|давлени|психи|психо|зависим|прививк|инфаркт|вич$"
        "|спид$|аутист|рак груди|рак$|язв[аыуе]$|гипертон|щитовид|грыж|бессонниц|выгоран|химиотерап|экзем"
        "|псориаз|болит$|болят$|проблемы с сердц|порок сердц|паническ"
    ),
    "money": _words(
        "salar|wage|income|earns$|earning|debt|loan|mortgage|bankrupt|bank account|credit card|card number"
        "|iban$|savings|net worth|tax(?:es)?$|alimony|owe the bank|owes the bank|owe money|owes money"
        "|pension$|зарплат|оклад$|дохід|доход|заробля|борг|кредит|іпотек"
        "|банкрут|рахун(?:ок|ку) (?:у|в) банк|картк|заощаджен|аліменти|податк|зарабат|долг[ауи]?$|долгов"
        "|пенсі[яїю]$|позик[аиу]?$|винен банк|винна банк|пенси[яию]$|должен банк|должна банк|ссуд"
        "|ипотек|банкрот|счет в банке|номер карты|банковск|сбережени|алимент|налог"
    ),
    "documents": _words(
        "passport|driving licen|driver's licen|social security|ssn$|tax id|id card|id number|visa number"
        "|password|pin code|паспорт|посвідчен|іпн$|інн$|рнокпп|код платника|водійськ|пароль|паролі|пін код"
        "|снилс|инн$|удостоверени|водительск|пин код|номер визы"
    ),
    "intimate": _words(
        "sex(?:ual|life)?$|sexual|lesbian|gay$|bisexual|transgender|queer|erotic|porn|affair$|lover$"
        "|divorc|секс|інтим|лесбі|гей$|бісекс|транс ?гендер|коханк|коханець|зрад[жи]|розлуч"
        "|интим|лесби|бисекс|любовни|измен(?:яе|ил|а жен|а муж)"
        "|развод$|развода$|разводе$|разводом$|разводу$|разводимся$|развелась$|развелся$|развелись$"
    ),
    "address": re.compile(
        r"(?<!\w)(?:street|avenue|boulevard|apartment|apt|flat|postcode|zip code|вул(?:иця|иці|иці)?"
        r"|проспект[іау]?|бульвар[іу]?|провул\w+|квартир[аиі]|кв|будин\w+|улиц[аеы]|ул|проспекте|переул\w+"
        r"|квартире|дом|д) (?:\w+ ){0,3}?\d+|(?<!\w)\d+\w? (?:\w+ ){1,3}(?:street|st|avenue|ave|road|rd|lane"
        r"|drive|boulevard|blvd)(?!\w)|(?<!\w)(?:home address|(?:домашн\w+|за|по) адрес\w+)"
    ),
}
_NUMBERS = re.compile(r"(?<!\w)(?:\+?\d[\d ()-]{8,}\d)(?!\w)|[\w.+-]+@[\w-]+\.\w+")
"""Telephone and card numbers, e-mail addresses: in the text as it was written."""


def topics(*texts: str) -> frozenset[str]:
    """The delicate matters that the texts touch, in English, Ukrainian and Russian."""
    forms = [normal(text) for text in texts]
    found = {topic for topic, words in _TOPICS.items() if any(words.search(form) for form in forms)}
    if any(_NUMBERS.search(text) for text in texts):
        found.add("contact")
    return frozenset(found)


def is_sensitive(kind: str, *texts: str) -> bool:
    """Whether a fact of this kind with this text and quote is private unless its owner shares it."""
    return kind in SENSITIVE or bool(topics(*texts))
