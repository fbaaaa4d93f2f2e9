"""The main language of a chat, as far as letters tell it, so that its summaries are written in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_SCRIPTS = {
    "cyrillic": "Ѐ-ӿ", "latin": "A-Za-zÀ-ɏ", "th": "\u0e00-\u0e7f", "he": "\u0590-\u05ff",
    "ar": "\u0600-\u06ff", "el": "Ͱ-Ͽ", "ka": "ა-ჿ", "hy": "԰-֏", "hi": "\u0900-\u097f", "ko": "가-힣",
    "ja": "ぁ-ヿ", "zh": "一-鿿",
}  # fmt: skip
_LETTERS = {script: re.compile(f"[{ranges}]") for script, ranges in _SCRIPTS.items()}
_NOISE = re.compile(r"https?://\S+|@\w+|`[^`]*`")
_UK, _RU = re.compile("[іїєґІЇЄҐ]"), re.compile("[ыэёъЫЭЁЪ]")

_NAMES = {
    "uk": "Ukrainian", "ru": "Russian", "en": "English", "th": "Thai", "he": "Hebrew", "ar": "Arabic",
    "el": "Greek", "ka": "Georgian", "hy": "Armenian", "hi": "Hindi", "ko": "Korean", "ja": "Japanese",
    "zh": "Chinese", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pl": "Polish",
    "pt": "Portuguese", "tr": "Turkish", "cs": "Czech", "be": "Belarusian", "kk": "Kazakh",
}  # fmt: skip

Votes = Mapping[str, int]
"""How many messages seem to be in each language or script."""


def vote(text: str) -> str | None:
    """The language of one message, or only its script ("latin", "cyrillic"); None where it has no letters."""
    plain = _NOISE.sub(" ", text[:2000])
    found = {script: len(letters.findall(plain)) for script, letters in _LETTERS.items()}
    if found["ja"]:
        found["ja"], found["zh"] = found["ja"] + found["zh"], 0
    script = max(found, key=lambda name: found[name])
    if not found[script]:
        return None
    if script != "cyrillic":
        return script
    uk, ru = len(_UK.findall(plain)), len(_RU.findall(plain))
    return "cyrillic" if uk == ru else "uk" if uk > ru else "ru"


def main_language(votes: Votes) -> str | None:
    """The English name of the language of most messages; None where letters do not tell."""
    by_script = Counter(
        {name: count for name, count in votes.items() if name not in ("uk", "ru", "cyrillic")}
    )
    by_script["cyrillic"] = sum(votes.get(name, 0) for name in ("uk", "ru", "cyrillic"))
    script, count = by_script.most_common(1)[0]
    if count == 0 or script == "latin":
        return None
    if script != "cyrillic":
        return _NAMES[script]
    uk, ru = votes.get("uk", 0), votes.get("ru", 0)
    return None if uk == ru else "Ukrainian" if uk > ru else "Russian"


def named(code: str) -> str:
    """A language by its code, such as "uk" or "pt-br", in words."""
    return _NAMES.get(code.partition("-")[0].lower(), f'the language with the code "{code[:16]}"')
