"""Long answers, so that streaming, Stop and Continue can be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.playground.rehearsal.language import Language, detect
from bot.playground.rehearsal.phrases import say
from bot.playground.rehearsal.prompt import Prompt

LIMIT = 1000
STORY_LENGTH = 60
_COUNT = re.compile(
    r"\b(?:count|порахуй|полічи|рахуй|посчитай|считай|сосчитай)(?P<slow> slowly| повільно| медленно)?"
    r"(?: from 1| від 1| от 1)? (?:up )?(?:to|до) (?P<n>\d{1,6})(?P<late> slowly| повільно| медленно)?",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\b(?:long|довг\w+|длинн\w+) (?:story|text|tale|answer|essay|істор\w+|казк\w+|текст|відповідь|истор\w+"
    r"|сказк\w+"
    r"|рассказ|розповідь|ответ)",
    re.IGNORECASE,
)
_CONTINUE = re.compile(
    r"^\W*(?:please )?(?:continue|go on|keep going|продовж\w*|далі|продолж\w*|дальше)\W*(?:please|будь ласка"
    r"|пожалуйста)?\W*$",
    re.IGNORECASE,
)
_SENTENCES: dict[Language, tuple[str, ...]] = {
    "en": (
        "The river went round the hill and nobody asked it why.",
        "A lamp was lit in the window of the last house.",
        "Somebody counted the boats and came to a different number each time.",
        "In the morning the road was white and quiet.",
        "The old map showed a bridge that had never been built.",
    ),
    "uk": (
        "Річка обійшла пагорб, і ніхто не спитав її чому.",
        "У вікні останньої хати засвітили лампу.",
        "Хтось рахував човни і щоразу мав інше число.",
        "Уранці дорога була біла й тиха.",
        "Стара мапа показувала міст, якого ніколи не будували.",
    ),
    "ru": (
        "Река обошла холм, и никто не спросил её почему.",
        "В окне последнего дома зажгли лампу.",
        "Кто-то считал лодки и каждый раз получал другое число.",
        "Утром дорога была белой и тихой.",
        "Старая карта показывала мост, которого никогда не строили.",
    ),
}


@dataclass(frozen=True, slots=True)
class Long:
    """A long answer: numbers or numbered sentences from `start` to `end`; `pace`: seconds for each."""

    what: Literal["numbers", "story"]
    language: Language
    end: int
    start: int = 1
    pace: float | None = None

    def text(self) -> str:
        """The whole answer."""
        if self.what == "numbers":
            return " ".join(map(str, range(self.start, self.end + 1)))
        head = [say(self.language, "story_start")] if self.start == 1 else []
        return "\n".join([*head, *self._sentences()])

    def _sentences(self) -> Iterator[str]:
        lines = _SENTENCES[self.language]
        for number in range(self.start, self.end + 1):
            yield f"{number}. {lines[(number - 1) % len(lines)]}"


def asked(text: str, language: Language) -> Long | None:
    """The long answer that a message asks for."""
    if found := _COUNT.search(text):
        slow = bool(found["slow"] or found["late"])
        return Long("numbers", language, min(int(found["n"]), LIMIT), pace=1.0 if slow else None)
    return Long("story", language, STORY_LENGTH) if _STORY.search(text) else None


def wants_more(text: str) -> bool:
    """Whether the message asks to go on."""
    return bool(_CONTINUE.match(text))


def continued(prompt: Prompt) -> Long | None:
    """The rest of the last long answer, from where the bot's own text broke off."""
    wish = next(
        (
            w
            for line in reversed(prompt.history)
            if not line.mine and (w := asked(line.text, detect(line.text)))
        ),
        None,
    )
    if wish is None:
        return None
    mine = next((line.text for line in reversed(prompt.history) if line.mine), "")
    shape = r"(?<!\d)\d+(?!\d)" if wish.what == "numbers" else r"^\d+(?=\. )"
    numbers = [int(found) for found in re.findall(shape, mine, re.MULTILINE)]
    start = (numbers[-1] if numbers else 0) + 1
    return Long(wish.what, wish.language, wish.end, start, wish.pace) if start <= wish.end else None
