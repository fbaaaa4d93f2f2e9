"""Facts that a person states in a message, each with its verbatim quote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.playground.rehearsal.language import Language, detect
from bot.playground.rehearsal.patterns import OWN, PATTERNS, REMEMBER, Pattern

_SENTENCE = re.compile(r"[^.!?;\n]+(?:[.](?=\S)[^.!?;\n]+)*[.!?;…]*")
_LEAD = re.compile(
    r"^(?:@\w+[\s,:]*|(?:mnema|hi|hello|hey|and|but|also|well|so|actually|now|ok|btw|by the way"
    r"|привіт|вітаю|добрий день|і|й|та|а|але|ще|до речі|отже|зараз|тепер|привет|здравствуйте|здравствуй"
    r"|добрый день|и|но|ещ[её]|кстати|итак|сейчас|теперь)(?![\w'])[\s,:—–-]*)+",
    re.IGNORECASE,
)
_START = (
    r"(?:i\b|i'|my\b|don't\b|do not\b|never eat|live\b|work (?:as|at|for|in)\b|love\b|like\b|hate\b|prefer\b"
    r"|eat\b"
    r"|moved\b|remember\b|please\b|я\b|мене\b|мені\b|меня\b|мне\b|мо[єяїйеёию]\w{0,2}\b|мій\b|[ув] мене\b"
    r"|у меня\b"
    r"|не (?:їм|ем|п'ю|пью|люблю)\b|їм\b|ем\b|п'ю\b|пью\b|живу\b|мешкаю\b|люблю\b|обож\w+|ненави\w+"
    r"|полюбляю\b"
    r"|працюю\b|работаю\b|переїха\w+|переехал\w*|перебра\w+|запам'ятай|запомни|планую\b|планирую\b"
    r"|предпочитаю\b"
    r"|(?:now|тепер|зараз|теперь|сейчас) (?:i|я|живу|працюю|работаю|мешкаю)\b"
    r"|what\b|where\b|who\b|when\b|how\b|can you\b|could you\b|do you\b|що\b|де\b|хто\b|як\b|чи\b|скажи\b"
    r"|порадь\b"
    r"|что\b|где\b|кто\b|как\b|посоветуй\b)"
)
_BREAK = re.compile(
    rf",?\s+(?:and|but|і|й|та|а|але|и|но)\s+(?={_START})|,\s*(?={_START})|\s+[—–]\s+(?={_START})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:what|where|who|when|how|why|which|do|does|did|am|is|are|can|could|should|would|if|що|де|хто|як"
    r"|коли|чому|чи"
    r"|скільки|якщо|что|где|кто|как|когда|почему|сколько|если|ли)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^(?:i\b|i'|my\b|call me)", re.IGNORECASE)
_LATIN = re.compile(r"^[a-z]", re.IGNORECASE)
_PLEASE = re.compile(r",? (?:please|будь ласка|пожалуйста)$", re.IGNORECASE)
_END = " \t.,!?;:…)("


@dataclass(frozen=True, slots=True)
class Fact:
    """A neutral sentence, its kind, and the words of the message that say it."""

    text: str
    kind: str
    quote: str


def find_facts(message: str) -> list[Fact]:
    """The facts of a message, in order, each text once."""
    language = detect(message)
    # One character for one, so that spans in the flattened text hold in the original.
    flat = message.replace("’", "'").replace("ʼ", "'")
    found: dict[str, Fact] = {}
    for start, sentence in _sentences(flat):
        for fact in _sentence_facts(message, flat, start, sentence, language):
            found.setdefault(fact.text.casefold(), fact)
    return list(found.values())


def rest_of(message: str, facts: list[Fact]) -> str:
    """The message without the words that stated the facts."""
    for fact in facts:
        message = message.replace(fact.quote, " ", 1)
    return message.strip()


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    for match in _SENTENCE.finditer(text):
        lead = len(match[0]) - len(match[0].lstrip())
        yield match.start() + lead, match[0].strip()


def _sentence_facts(message: str, flat: str, start: int, sentence: str, language: Language) -> Iterator[Fact]:
    lead = _LEAD.match(sentence)
    offset = lead.end() if lead else 0
    if order := REMEMBER.match(sentence[offset:]):
        begin = start + offset + order.start("v")
        facts = list(
            _clause_facts(message, begin, flat[begin : start + len(sentence)], language, asking=False)
        )
        quote = _PLEASE.sub("", message[begin : start + len(sentence)].rstrip(_END)).rstrip(_END)
        yield from facts or ([Fact(_neutral(quote), "other", quote)] if quote else [])
        return
    yield from _clause_facts(message, start, sentence, language, asking=sentence.endswith("?"))


def _clause_facts(
    message: str, start: int, sentence: str, language: Language, *, asking: bool
) -> Iterator[Fact]:
    clauses, position, said = [], 0, False
    for gap in _BREAK.finditer(sentence):
        clauses.append((position, gap.start()))
        position = gap.end()
    clauses.append((position, len(sentence)))
    for number, (left, end) in enumerate(clauses):
        lead = _LEAD.match(sentence[left:end])
        begin = left + (lead.end() if lead else 0)
        clause = sentence[begin:end].rstrip(_END)
        last = number == len(clauses) - 1
        if _ASKS.match(clause) or (asking and last):
            continue
        # "live in peace" is an order, "I eat fish and live in Kyiv" is not.
        if _LATIN.match(clause) and not _SUBJECT.match(clause) and not said:
            continue
        if matched := _match(clause, language):
            said = True
            yield Fact(*matched, message[start + begin : start + begin + len(clause)])


def _match(clause: str, language: Language) -> tuple[str, str] | None:
    for pattern in PATTERNS[language]:
        if found := pattern.shape.match(clause):
            return _capped(_text(pattern, found)), pattern.kind
    return None


def _text(pattern: Pattern, found: re.Match[str]) -> str:
    if callable(pattern.template):
        return pattern.template(found)
    groups = {name: value.strip(_END) for name, value in found.groupdict().items() if value}
    groups |= {name.upper(): value[:1].upper() + value[1:] for name, value in groups.items()}
    return pattern.template.format(**groups)


def _neutral(quote: str) -> str:
    plain = OWN.sub("", quote.replace("\n", " ").strip())
    return _capped(plain[:1].upper() + plain[1:])


def _capped(text: str) -> str:
    return text if len(text) <= 200 else text[:199].rstrip() + "…"
