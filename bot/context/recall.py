"""The layer of recall: what was said earlier, or stands in documents, that may help now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.context.data import Recalled, recalled_line, zone_of
from bot.context.dates import day_and_ago
from bot.context.inert import line, name
from bot.context.services import ContextServices
from bot.core.ports import TokenCounter
from bot.core.views import TurnView
from bot.memory.hits import Ask, Hit
from bot.memory.question import matter
from bot.memory.recall import Recall
from bot.memory.timewords import spans

SHARE = 0.2
"""Of CONTEXT_MAX_TOKENS: what recall may take at most."""

CHUNK_THRESHOLD = 0.3
"""The score from which a passage of a document is worth its tokens, unless the person says otherwise."""

_HITS = 80
_FEW_TERMS = 3
_EXCHANGE = 2
_LINE_LENGTH = 1000
_SPEAKER_LENGTH = 200
_BREAK = 1


async def recall_for(
    view: TurnView,
    services: ContextServices,
    recall: Recall,
    window_ids: Collection[int] | None = None,
    threshold: float = CHUNK_THRESHOLD,
) -> Sequence[Recalled]:
    """What the current messages call to mind, best first, within recall's share of the context.

    `window_ids` are messages that the prompt holds anyway; the view's history unless given. A message with
    too few words of its own is searched with those of the exchange before it; one without any recalls
    nothing and costs no query.
    """
    settings, now = services.settings, services.clock.now()
    zone = zone_of(view.profile, settings.default_timezone)
    question = question_of(view, now, zone)
    if not question:
        return ()
    shown = set(window_ids if window_ids is not None else (m.id for m in view.history))
    shown |= {message.id for message in view.current}
    topic = None if view.chat.private else view.chat.topic_id or 0  # topics are talks of their own
    ask = Ask(question, now, zone, limit=_HITS, kinds=("message", "chunk", "fact"), without=shown,
              before=_edge(view, shown), topic=topic)  # fmt: skip
    known = {fact.id for fact in view.facts}
    hits = [hit for hit in await recall.search(view.scope, ask) if _wanted(hit, known, threshold)]
    return fill(as_recalled(hits), int(settings.context_max_tokens * SHARE), services.tokens, zone, now)


def question_of(view: TurnView, now: datetime, zone: ZoneInfo) -> str:
    """What to look for: the current messages, with the exchange before them where they say little.

    Empty where neither has a matter, nor names a time.
    """
    said = "\n".join(message.text for message in view.current if message.text)
    if len(matter(said)) >= _FEW_TERMS or spans(said, now, zone):
        return said
    before = (view.replied,) if view.replied is not None else view.history[-_EXCHANGE:]
    whole = "\n".join(filter(None, (said, *(message.text for message in before))))
    return whole if said and matter(whole) else ""


def as_recalled(hits: Sequence[Hit]) -> list[Recalled]:
    """Hits as the layer holds them; speakers by their bare names where those tell them apart."""
    names = [_bare(label) for label in {hit.speaker for hit in hits}]

    def speaker(label: str) -> str:
        return _bare(label) if names.count(_bare(label)) == 1 else label

    return [Recalled(hit.key, hit.text, hit.said_at, speaker(hit.speaker), hit.score) for hit in hits]


def fill(
    items: Sequence[Recalled], budget: int, counter: TokenCounter, zone: ZoneInfo, now: datetime
) -> list[Recalled]:
    """As many of the first items as fit into so many tokens; a long one may give way to shorter ones."""
    chosen: list[Recalled] = []
    days: set[str] = set()
    for item in items:
        heading = _heading(item, zone, now)
        cost = counter.count(_said(item, zone, now)) + _BREAK
        cost += counter.count(heading) + _BREAK if heading and heading not in days else 0
        if cost <= budget:
            budget -= cost
            chosen.append(item)
            days.add(heading)
    return chosen


def recalled_lines(items: Sequence[Recalled], zone: ZoneInfo, now: datetime) -> list[str]:
    """The items as the prompt holds them: messages in the order of time, their day once above them.

    So neighbours stand together again and read as the talk that they were.
    """
    told = [item for item in items if not item.speaker]
    said = sorted((item for item in items if item.speaker), key=lambda item: (item.said_at, _number(item)))
    found = [recalled_line(item, zone, now) for item in told]
    for heading, group in groupby(said, key=lambda item: _heading(item, zone, now)):
        found += [heading, *(_said(item, zone, now) for item in group)]
    return found


def _heading(item: Recalled, zone: ZoneInfo, now: datetime) -> str:
    return f"{day_and_ago(item.said_at, now, zone)}:" if item.speaker else ""


def _said(item: Recalled, zone: ZoneInfo, now: datetime) -> str:
    if not item.speaker:
        return recalled_line(item, zone, now)
    return f"[{name(item.speaker, _SPEAKER_LENGTH)}]: {line(item.text, _LINE_LENGTH)}"


def _number(item: Recalled) -> int:
    return int(str(item.id).rpartition(":")[2])


def _bare(label: str) -> str:
    """The name within a label such as "Ann (@ann, id:1)"."""
    return label.rpartition(" (")[0] or label


def _edge(view: TurnView, shown: Collection[int]) -> int | None:
    """The first message of this conversation that the prompt holds: what is behind it need not be indexed."""
    here = [message.id for message in (*view.history, *view.current) if message.id in shown]
    return min(here, default=None)


def _wanted(hit: Hit, known: Collection[int], threshold: float) -> bool:
    if hit.kind == "chunk":
        return hit.score >= threshold
    return hit.kind != "fact" or hit.id not in known
