"""One model call for a summary, and whether its answer can be kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.core.cut import cut_middle
from bot.core.errors import LLMError, MnemaError, RetryLater
from bot.core.llm import Completion, LLMRequest, Message
from bot.core.ports import LLM, Clock, TokenCounter
from bot.db.clean import storable
from bot.db.engine import Database
from bot.db.repositories import ledger

ROOM_FOR_ENDING = 1.25
"""The reply's cap in parts of the wanted length: a little over it is better than a broken end."""

_REFUSAL = re.compile(
    r"^[\s\"'*>\-]*(?:"
    r"(?:i['’]?m|i am|we are|we['’]re)\s+(?:very\s+|so\s+)?(?:sorry|unable|not able|not allowed)\b"
    r"|(?:i|we)\s+(?:can['’]?t|cannot|can not|won['’]?t|will not|must decline)\b"
    r"|(?:sorry|apologies|unfortunately|i apologi[sz]e)\b[^\n]{0,60}\b"
    r"(?:can['’]?t|cannot|can not|unable|not able|won['’]?t|decline)\b"
    r"|as an? (?:ai|artificial|language)\b"
    r"|(?:вибач|перепрошу|на жаль|мені шкода)[^\n]{0,60}\bне\s+(?:мо[жг]|змо[жг]|в змозі)"
    r"|(?:извин|прости|к сожалению|мне жаль)[^\n]{0,60}\bне\s+(?:мо[жг]|смо[жг]|в состоянии)"
    r"|я не (?:можу|зможу|могу|смогу)\b"
    r")",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"^\W*(?:here (?:is|are)|sure|summary|ось|підсумок|вот|сводка|итог)\b[^\n]{0,80}:\W*\n", re.IGNORECASE
)
_FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)
_LINE = re.compile(r"^\W*(\d{4}-\d\d-\d\d)\b")


class BadAnswer(MnemaError):
    """An answer that is no summary; the text names what was wrong with it."""

    user_key = "error.llm.bad_response"


@dataclass(frozen=True, slots=True)
class Written:
    """A usable answer, with its length in tokens. Its cost is to be written where it is kept."""

    text: str
    tokens: int
    completion: Completion


class Writer:
    """Asks the model, and lets nothing pass that could spoil a summary."""

    def __init__(self, llm: LLM, database: Database, clock: Clock, tokens: TokenCounter) -> None:
        self._llm = llm
        self._db = database
        self._clock = clock
        self.tokens = tokens

    @property
    def model(self) -> str:
        """The configured model's name."""
        return self._llm.model

    async def write(
        self, messages: Sequence[Message], cap: int, purpose: str, user_id: int | None = None
    ) -> Written:
        """One call for a text of about `cap` tokens. Raises BadAnswer (paid and booked) and LLMError."""
        request = LLMRequest(messages, int(cap * ROOM_FOR_ENDING), purpose)
        completion = await self._llm.complete(request)
        text = tidy(completion.text)
        fault = fault_of(text, completion)
        if fault is None:
            return Written(text, self.tokens.count(text), completion)
        now = self._clock.now()
        await self._db.write(lambda s: ledger.charge(s, completion, purpose, now, user_id=user_id))
        raise BadAnswer(f"the model's summary is {fault}")


def fault_of(text: str, completion: Completion) -> str | None:
    """Why an answer must not be kept; None if it may."""
    if completion.finish != "stop":
        return "cut short" if completion.finish in ("length", "truncated") else "filtered"
    if not any(character.isalnum() for character in text):
        return "empty"
    return "a refusal" if _REFUSAL.match(text) else None


def tidy(text: str) -> str:
    """The answer without a code fence around it and without a line that only announces it."""
    text = storable(text).strip()
    if found := _FENCE.match(text):
        text = found[1].strip()
    return _ANNOUNCED.sub("", text).strip()


def within(text: str, cap: int, tokens: TokenCounter) -> str:
    """The text's last lines that fit; where it is all one line, its beginning and its end."""
    lines = text.split("\n")
    while len(lines) > 1 and tokens.count("\n".join(lines)) > cap:
        lines.pop(0)
    return cut_middle("\n".join(lines), cap, tokens)


def carried(text: str, since: datetime, zone: ZoneInfo) -> str:
    """What an earlier summary tells of whole days after `since`: its dated lines and what hangs on them."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if found := _LINE.match(line):
            inside = (day := _day(found[1])) is not None and day > since.astimezone(zone).date()
        if inside and line.strip():
            kept.append(line)
    return "\n".join(kept)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def later(error: LLMError) -> Exception:
    """What a background job raises for a failed call: with the day's money spent, it waits for the next."""
    if error.kind == "spend_limit" and error.retry_after is not None:
        return RetryLater(str(error), error.retry_after + 1)
    return error
