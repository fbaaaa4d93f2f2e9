"""A stemmer for Russian and Ukrainian alike: a word is judged by its own letters, never by its text."""

from __future__ import annotations

import re

from bot.memory.irregular import SLAVIC

_VOWELS = frozenset("аеиоуыэюяіїє")
_CYRILLIC = re.compile("[\u0400-\u052f]+")
_HARD = str.maketrans({"'": None, "ъ": None, "ё": "е", "ґ": "г"})
_ALIKE = str.maketrans("іїыєэ", "иииее")

# What a verb's "-ся" may stand behind; a noun (Люся, гусь) is left alone.
_REFLEXIVE = re.compile(
    "(?<=.{2})(?:(?<=ть)ся|(?<=т)ся|(?<=ти)ся|(?<=в)ся|(?<=л)ся|(?<=л[аои])(?:ся|сь)|(?<=ш)ся|(?<=шь)ся|(?<=м)ся|"
    "(?<=мо)ся|(?<=те)(?:ся|сь)|(?<=й)ся|(?<=ти)сь|(?<=[чжшщ][ую])(?:сь|ся)|(?<=ю)(?:сь|ся)|(?<=вши)сь)$"
)

_ENDINGS = frozenset(
    """
    а е и й о у ы ь ю я є і ї ав ай ал ам ат ах аю ая ає ев ее ей ел ем ет еш ею ив ие ии ий ил им ит их
    иш ию ия ов ое ой ом ою ої ув уй ул ут ую ує ые ый ыл ым ых ье ьи ью ья юй ют юю ює яв яй ял ям ят ях
    яю яя яє єв єм єш єю єї ів ій ім іх ію ія ії їв їй їм їш аем ает аеш ала али ало ами ати ать ают аєш
    еві его ела ели ело емо ему ете еть ешь иев ией ием ила или ило има ими имо ите ити ить ишь иям иях
    йте ові ого ому уем ует ула ули уло ути уть уют уєш ыла ыли ыло ыми ьев ьем ьею ьям ьях ють яем яет
    яла яли яло ями яти ять яют яєш єві ємо єте іла іли іло іми іти іть іям іях ієм ією їмо їте їти їть
    аете аешь айте ають аємо аєте евал иями овал овую ував уешь уйте ують уємо уєте ього ьому ьями ював
    ююсь юють яешь яють яємо яєте іями евала евали евать овала овали овало овать увала ували увало увати
    ювала ювали ювати
    """.split()  # noqa: SIM905 - read as a word list
)
_LONGEST = max(map(len, _ENDINGS))
_PARTICIPLE = re.compile("(?:[аяе]нн|[юяуа]щ|[аяиіоу]?вш|[юу]ч)$")
_GEMINATE = re.compile("([нтлзсджчшц])\\1(?:я|ю|і|ям|ями|ях|ям)$")
_FLEETING = re.compile("(?<=.{2})[ое](?=[кц]$)|(?<=.{3})[ое](?=[н]$)|(?<=.{3})е(?=р$)")
_CLOSED_I = re.compile("їв$")
_LAST_I = re.compile("і([^аеиоуыэюяіїє]+)$")
# Stems where the і of a closed syllable opens to е, not to о.
_OPENS_TO_E = (
    "папір",
    "ведмід",
    "матір",
    "камін",
    "осін",
    "корін",
    "промін",
    "ячмін",
    "кремін",
    "попіл",
    "сімей",
)
# Taken off one after another, each with the letters that must remain. A noun in -ал loses what its genitive,
# which looks like a verb (вокзала, купала), has lost as an ending.
_SUFFIXES = (
    *(("ал", 3), ("ял", 3), ("ил", 3), ("ул", 3)),
    *(("ов", 3), ("ев", 3), ("єв", 3)),
    *(("ськ", 4), ("ск", 4)),
    *(("ов", 3), ("ев", 3), ("єв", 3)),
)
_KEEPS_I = frozenset(("мір", "вір", "діл", "тіл"))
# Feminine dative in -зі whose nominative has з; elsewhere it is г: книзі, дорозі, нозі.
_KEEPS_Z = frozenset(
    """
    баз берез бронз ваз віз гроз доз загроз каз коз криз лоз мороз муз погроз проз роз сльоз тез
    фраз
    """.split()  # noqa: SIM905 - read as a word list
)


def is_slavic(word: str) -> bool:
    """Whether a word is written in Cyrillic letters throughout."""
    return _CYRILLIC.fullmatch(word) is not None


def slavic_stem(word: str) -> str:
    """What the forms of a Russian or Ukrainian word share; the word is case-folded.

    Letters that only tell the two languages apart are written alike in the end: Київ and Киев meet.
    """
    word = word.translate(_HARD)
    bare = word if word in SLAVIC else _REFLEXIVE.sub("", word)
    known = SLAVIC.get(bare)
    if known is None:
        stem, ending = _without_ending(bare)
        known = _mended(stem, ending, bare)
    return known.translate(_ALIKE)


def _stands(stem: str, least: int) -> bool:
    return len(stem) >= least and any(c in _VOWELS for c in stem)


def _without_ending(word: str) -> tuple[str, str]:
    for size in range(min(_LONGEST, len(word) - 2), 0, -1):
        ending = word[-size:]
        if ending in _ENDINGS and _stands(word[:-size], 3 if size > 1 else 2):
            return word[:-size], ending
    return word, ""


def _mended(stem: str, ending: str, word: str) -> str:
    """Undo what an ending does to the stem before it, and take off the commonest suffixes."""
    if _GEMINATE.search(word) and stem[-1:] == stem[-2:-1]:
        stem = stem[:-1]
    elif ending[:1] in ("ю", "я") and stem[-1:] == "л" and stem[-2:-1] in "пбвмф":
        stem = _shorter(stem, "л", 3)
    elif ending == "і" and stem.endswith("з") and stem not in _KEEPS_Z:
        stem = stem[:-1] + "г"
    participle = _PARTICIPLE.sub("", stem)
    stem = participle if _stands(participle, 3) else stem
    stem = _opened(_FLEETING.sub("", stem))
    for suffix, least in _SUFFIXES:
        stem = _shorter(stem, suffix, least)
    while stem[-1:] in _VOWELS and _stands(stem[:-1], 2):
        stem = stem[:-1]
    stem = (stem.rstrip("ьй") or stem).replace("ьк", "к").replace("ьц", "ц")
    # A locative (сумці, руці) does not show whether its stem ends in к or ц, so none does.
    return stem[:-1] + "к" if stem.endswith("ц") else stem


def _shorter(stem: str, suffix: str, least: int) -> str:
    """The stem without the suffix, where so many letters and a vowel remain."""
    rest = stem.removesuffix(suffix)
    return rest if _stands(rest, least) else stem


def _opened(stem: str) -> str:
    """The stem with the і of its last syllable as it stands before a vowel: Львів, Львова; осінь, осені.

    An і that never changes is written with о too, in all forms alike; few words meet by that.
    """
    if stem in _KEEPS_I:
        return stem
    stem = _CLOSED_I.sub("єв", stem)
    if stem.endswith(_OPENS_TO_E):
        return _FLEETING.sub("", _LAST_I.sub(r"е\1", stem))
    return _LAST_I.sub(r"о\1", stem)
