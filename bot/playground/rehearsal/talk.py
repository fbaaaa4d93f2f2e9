"""Questions about the conversation, answered by quoting the line that shares the most words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.playground.rehearsal.language import stem, stems, words_of
from bot.playground.rehearsal.phrases import say
from bot.playground.rehearsal.prompt import Line, Prompt

_TOPICS = re.compile(
    r"what (?:were|are|did) we (?:talk|discuss|speak)\w*|what did i miss|what (?:was|is) (?:this"
    r"|the) (?:chat|conversation|talk)"
    r"|про що (?:ми |тут )?(?:говорил\w*|розмовляли|йшлося|мова|була)|що (?:я|ми) (?:пропусти\w+"
    r"|обговорювали)"
    r"|о ч[её]м (?:мы |тут )?(?:говорил\w*|разговаривали|речь|шла)|что (?:я|мы) (?:пропусти\w+|обсуждали)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?|^\W*(?:(?:@\w+|mnema)[\s,]+)?(?:who|what|where|when|which|why|how|did|does|is|are|has|хто|що|де"
    r"|коли|який|яка|які|чому"
    r"|скільки|чи|кто|что|где|когда|какой|какая|какие|почему|сколько)\b",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:say|said|tell|told|write|wrote|mean|каза\w+|сказа\w+|писа\w+|говори\w+|написа\w+)\b", re.IGNORECASE
)
_SEARCH = re.compile(
    r"^\W*(?:please )?(?:search|look(?: up)?|find)(?: (?:in|through))?(?: (?:my|your|the))? (?:memory"
    r"|memories|history|messages)"
    r" (?:for|about) (?P<en>.+)"
    r"|^\W*(?:по)?(?:шукай|знайди|пошукай)(?:те)? (?:у|в|по) (?:своїй |моїй )?(?:пам'яті|історії"
    r"|повідомленнях)"
    r"(?: про)?:? (?P<uk>.+)"
    r"|^\W*(?:поищи|найди|ищи)(?:те)? (?:в|по) (?:своей |моей )?(?:памяти|истории|сообщениях|сообщениям)"
    r"(?: про| о)?:? (?P<ru>.+)",
    re.IGNORECASE,
)
MAX_QUOTE = 400


def is_question(text: str) -> bool:
    """Whether a text asks something."""
    return bool(_QUESTION.search(text))


def wants_topics(text: str) -> bool:
    """Whether the course of the conversation is asked for."""
    return bool(_TOPICS.search(text))


def search_query(text: str) -> str | None:
    """What a message asks to search the memory for."""
    found = _SEARCH.match(text.replace("’", "'"))
    return next(q for q in found.groups() if q).strip(" .!?«»“”\"'") if found else None


def answer(question: str, prompt: Prompt) -> str | None:
    """Name and quoted line that answer a question about the conversation; None when nothing fits."""
    people = {line.name for line in prompt.history if line.name}
    named = {name for name in people if _mentions(question, name)}
    names = {stem(word) for name in named for word in words_of(name)}
    wanted = stems(question) - names
    lines = [line for line in prompt.history if not line.name or not named or line.name in named]
    if named and _SAID.search(question):
        lines = [line for line in lines if line.name in named]
        wanted = {s for s in wanted if not _SAID.search(s)}
        if not wanted:
            return "\n".join(_quote(line, prompt) for line in lines[-3:]) or None
    best = _best(lines, wanted, prompt.history)
    if best is None and named:
        best = _best(list(prompt.history), wanted | names, prompt.history)
    if best is not None:
        return _quote(best, prompt)
    note = max(prompt.notes, key=lambda note: len(stems(note) & wanted), default="")
    return say(prompt.language, "noted", line=_short(note)) if stems(note) & wanted else None


def topics(prompt: Prompt) -> str:
    """The main lines of the conversation, with who said them."""
    lines = key_lines(prompt.history, 6)
    if not lines and not prompt.notes:
        return say(prompt.language, "no_talk")
    shown = [f"- {note}" for note in prompt.notes[:4]] + [f"- {_quote(line, prompt)}" for line in lines]
    return "\n".join((say(prompt.language, "talked"), *shown))


def key_lines(history: Sequence[Line], count: int) -> list[Line]:
    """The lines of people that hold most of what the conversation repeats, in their order."""
    people = [line for line in history if not line.mine and stems(line.text)]
    seen = Counter(s for line in people for s in stems(line.text))

    def weight(line: Line) -> float:
        own = stems(line.text)
        telling = sum(min(seen[s], 4) for s in own) / (4 + len(own)) * min(len(own), 8)
        return (
            telling
            * (0.4 if line.text.rstrip().endswith("?") else 1.0)
            * (1.3 if re.search(r"\d", line.text) else 1.0)
        )

    ranked = sorted(range(len(people)), key=lambda i: (-weight(people[i]), -i))[:count]
    return [people[i] for i in sorted(ranked)]


def _best(lines: Sequence[Line], wanted: set[str], history: Sequence[Line]) -> Line | None:
    rarity = Counter(s for line in history for s in stems(line.text) & wanted)

    def score(number: int) -> float:
        line = lines[number]
        shared = stems(line.text) & wanted
        if not shared:
            return 0.0
        points = sum(1 + 1 / rarity[s] for s in shared)
        points *= 0.5 if line.mine or line.text.rstrip().endswith("?") else 1.0
        return points + number / (1 + len(lines)) / 4

    number = max(range(len(lines)), key=score, default=None)
    return lines[number] if number is not None and score(number) > 0 else None


def _mentions(question: str, name: str) -> bool:
    first = words_of(name)[:1]
    return bool(first) and any(stem(word) == stem(first[0]) for word in words_of(question))


def _quote(line: Line, prompt: Prompt) -> str:
    text = _short(line.text)
    if line.mine:
        return say(prompt.language, "i_wrote", line=text)
    if line.name in ("", prompt.name):
        return say(prompt.language, "you_wrote", line=text)
    return say(prompt.language, "wrote", who=line.name, line=text)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_QUOTE else flat[: MAX_QUOTE - 1] + "…"
