"""The order in which the rules are tried on one request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.rehearsal import (
    booking,
    longform,
    person,
    pictures,
    structured,
    summary,
    sums,
    talk,
    tools,
)
from bot.playground.rehearsal.facts import Fact, find_facts, rest_of
from bot.playground.rehearsal.phrases import abilities, quoted, say
from bot.playground.rehearsal.prompt import Prompt

_SMALL_TALK = {
    "how_are_you": r"how are you|how's it going|як справи|як (?:ти|ви)\b|як ся маєш|как дела|как (?:ты|вы)\b",
    "thanks": r"thank|thx|дякую|спасибі|спасибо|благодарю",
    "bye": r"\bbye\b|goodbye|good night|see you|до побачення|бувай|на добраніч|до свидания|^\W*пока\b",
    "hello": r"\bhi\b|hello|\bhey\b|good (?:morning|evening|day)|привіт|вітаю|добр\w+ |привет|здравствуй",
}
_ABILITIES = re.compile(
    r"what (?:can|do) you do|what are you able|^\W*help\W*$|що ти (?:вмієш|можеш|умієш)|що ви (?:вмієте"
    r"|можете)"
    r"|що вмієш|что ты (?:умеешь|можешь)|что вы (?:умеете|можете)|что умеешь|^\W*(?:допомога|помощь)\W*$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"what time|what(?:'?s| is) the (?:date|time|day)|what(?:'?s| is) today|what day|which day|котра година"
    r"|яка (?:сьогодні )?дата"
    r"|який (?:сьогодні )?день|яке (?:сьогодні )?число|котрий час|который час|сколько времени"
    r"|как(?:ой|ое|ая) сегодня|какой (?:день|год)|какое число|какая дата",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Text, calls of tools as (name, arguments), and seconds between the words where the rule sets a pace."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    pace: float | None = None


def respond(prompt: Prompt, fits: Callable[[str], bool]) -> Answer:
    """The answer to a request; `fits` tells whether a text is within the reply's tokens."""
    if prompt.schema is not None:
        return Answer(structured.respond(prompt, fits))
    if summary.wanted(prompt):
        return Answer(summary.summarise(prompt, fits))
    if booked := booking.respond(prompt):
        return Answer(*booked)
    facts = find_facts(prompt.text)
    if calls := _calls(prompt, facts):
        return Answer(calls=calls)
    rest = rest_of(prompt.text, facts)
    if not facts and (long := _long(prompt, rest)):
        return Answer(long.text(), pace=long.pace)
    confirmed = _confirmation(prompt, facts)
    other = _other(prompt, rest, facts)
    hello = _small_talk(rest, prompt) if facts and not other else None
    parts = [part for part in (hello, confirmed, other) if part]
    return Answer(
        "\n\n".join(parts) or say(prompt.language, "fallback", abilities=abilities(prompt.language))
    )


def _calls(prompt: Prompt, facts: list[Fact]) -> tuple[tuple[str, dict[str, Any]], ...]:
    offered = prompt.tools
    if facts and tools.SAVE in offered and not prompt.called(tools.SAVE):
        return tuple((tools.SAVE, tools.save_arguments(fact, offered[tools.SAVE])) for fact in facts)
    query = talk.search_query(prompt.text)
    if query and tools.SEARCH in offered and not prompt.called(tools.SEARCH):
        return ((tools.SEARCH, tools.search_arguments(query, offered[tools.SEARCH])),)
    rest = rest_of(prompt.text, facts)
    missing = not prompt.facts or person.past(rest)
    if person.topic_of(rest) and missing and tools.READ in offered and not prompt.called(tools.READ):
        return ((tools.READ, tools.read_arguments(offered[tools.READ])),)
    return ()


def _long(prompt: Prompt, text: str) -> longform.Long | None:
    return longform.continued(prompt) if longform.wants_more(text) else longform.asked(text, prompt.language)


def _confirmation(prompt: Prompt, facts: list[Fact]) -> str | None:
    """What became of the facts: only what a tool's result says was saved is called saved."""
    if not facts:
        return None
    language = prompt.language
    results = [result for name, _, result in prompt.results if name == tools.SAVE]
    if not results:
        return say(language, "no_tool", facts=quoted(language, [fact.quote for fact in facts]))
    said = list(zip(facts, results, strict=False))
    saved = [fact for fact, result in said if not tools.refused(result)]
    sentences = [
        say(language, "met", name=re.split(r": | is ", fact.text, maxsplit=1)[-1])
        for fact in saved
        if fact.kind == "name"
    ]
    if saved:
        sentences.append(say(language, "saved", facts=quoted(language, [fact.quote for fact in saved])))
    sentences += [
        say(language, "not_saved", facts=quoted(language, [fact.quote]), why=" ".join(result.split())[:200])
        for fact, result in said
        if tools.refused(result)
    ]
    return " ".join(sentences)


def _other(prompt: Prompt, rest: str, facts: list[Fact]) -> str | None:
    """The answer to what the message says beside its facts."""
    language = prompt.language
    if prompt.images:
        return pictures.describe(prompt.images, language)
    if longform.wants_more(rest):
        return say(language, "nothing_to_continue")
    if worked_out := sums.work_out(rest):
        return say(language, "result", sum=worked_out[0], value=worked_out[1])
    if _ABILITIES.search(rest):
        return say(language, "abilities", abilities=abilities(language))
    if _TIME.search(rest):
        return say(language, "now", now=prompt.now) if prompt.now else say(language, "no_now")
    if query := talk.search_query(rest):
        return _search(prompt, query)
    return _question(prompt, rest, facts) or (None if facts else _small_talk(rest, prompt))


def _search(prompt: Prompt, query: str) -> str:
    found = " ".join(" ".join(result for name, _, result in prompt.results if name == tools.SEARCH).split())
    if found:
        return say(prompt.language, "found", found=found[:800])
    return talk.answer(query, prompt) or say(prompt.language, "not_said")


def _question(prompt: Prompt, rest: str, facts: list[Fact]) -> str | None:
    known = [*(fact.text for fact in facts), *prompt.facts]
    known += [
        text for name, _, result in prompt.results if name == tools.READ for text in tools.facts_in(result)
    ]
    if topic := person.topic_of(rest):
        if topic.name == "home" and person.past(rest):
            return _former_home(prompt, topic, known)
        own_lines = person.answer(topic, known, prompt)
        return own_lines or _from_talk(prompt, topic) or say(prompt.language, "unknown_you")
    if talk.wants_topics(rest):
        return talk.topics(prompt)
    if not talk.is_question(rest) or _is_small_talk(rest):
        return None
    if person.own(rest) and (fact := person.nearest(rest, known, prompt.language)):
        return fact
    said = talk.answer(rest, prompt)
    if said or not (prompt.history or person.own(rest)):
        return said
    return say(prompt.language, "unknown_you" if person.own(rest) else "not_said")


def _own_words(prompt: Prompt, topic: person.Topic) -> list[Fact]:
    """What the asker once said about a topic, as far as the prompt holds it, oldest first."""
    mine = (line for line in prompt.history if not line.mine and line.name in ("", prompt.name))
    found = [fact for line in mine for fact in find_facts(line.text)]
    return [fact for fact in found if topic.fits and topic.fits.search(fact.text)]


def _from_talk(prompt: Prompt, topic: person.Topic) -> str | None:
    own = _own_words(prompt, topic)
    return say(prompt.language, "you_wrote", line=own[-1].quote) if own else None


def _former_home(prompt: Prompt, topic: person.Topic, known: list[str]) -> str:
    """Where the asker lived before: a closed fact, else what they once wrote and no longer holds."""
    language = prompt.language
    if closed := [fact for fact in known if topic.fits and topic.fits.search(fact) and person.closed(fact)]:
        return say(language, "from_facts", facts=quoted(language, closed[:3]))
    valid = {fact.casefold() for fact in known}
    earlier = [fact for fact in _own_words(prompt, topic) if fact.text.casefold() not in valid]
    return say(language, "you_wrote", line=earlier[0].quote) if earlier else say(language, "unknown_you")


def _is_small_talk(text: str) -> bool:
    return len(text.split()) <= 6 and bool(re.search(_SMALL_TALK["how_are_you"], text, re.IGNORECASE))


def _small_talk(text: str, prompt: Prompt) -> str | None:
    if len(text.split()) > 8:
        return None
    for key, shape in _SMALL_TALK.items():
        if re.search(shape, text, re.IGNORECASE):
            said = say(prompt.language, key)
            alone = key == "hello" and text.strip() == prompt.text.strip()
            return f"{said} {say(prompt.language, 'hello_more')}" if alone else said
    return None
