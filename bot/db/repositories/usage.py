"""Sums of the usage ledger: finished days from a table of sums, the days since from the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, insert, literal, select
from sqlalchemy.orm import Session

from bot.core.llm import Used
from bot.db.models import Conversation, Meta, Turn, UsageDay, UsageRow, User
from bot.db.upsert import insert_new

Ts = TypeVarTuple("Ts")

_MARK = "usage.summed"
"""The first day that is not summed yet."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Extent:
    """Whose numbers: everybody's, those of an application, or those of one person (`users.id`)."""

    application: str | None = None
    user_id: int | None = None


EVERYBODY = Extent()


@dataclass(frozen=True, slots=True)
class UsedFor:
    """What one model took for one purpose."""

    model: str
    purpose: str
    used: Used


_SUMMED = (
    func.coalesce(func.sum(UsageDay.calls), 0),
    func.coalesce(func.sum(UsageDay.answers), 0),
    func.coalesce(func.sum(UsageDay.prompt_tokens), 0),
    func.coalesce(func.sum(UsageDay.completion_tokens), 0),
    func.coalesce(func.sum(UsageDay.cached_tokens), 0),
    func.coalesce(func.sum(UsageDay.cost), 0.0),
)
_COUNTED = (
    func.count(UsageRow.id),
    func.count(UsageRow.turn_id.distinct()),
    func.coalesce(func.sum(UsageRow.prompt_tokens), 0),
    func.coalesce(func.sum(UsageRow.completion_tokens), 0),
    func.coalesce(func.sum(UsageRow.cached_tokens), 0),
    func.coalesce(func.sum(UsageRow.cost), 0.0),
)
_application: ColumnElement[str] = func.coalesce(
    Conversation.application, User.application, literal("", literal_execute=True)
)


def sum_next(session: Session, upto: date, now: datetime) -> bool:
    """Sum the first day before `upto` that is not summed yet; False when there is none left."""
    insert_new(session, Meta, [{"key": _MARK, "value": {}, "updated_at": now}], ["key"])
    mark = session.get_one(Meta, _MARK, with_for_update=True)
    start = _marked(mark) or date.min
    behind = UsageRow.created_at >= _midnight(start)
    first = session.scalar(select(func.min(UsageRow.created_at)).where(behind))
    day = first.date() if first is not None else upto
    if day >= upto:
        _move(mark, max(start, upto), now)
        return False
    names = ("calls", "answers", "prompt_tokens", "completion_tokens", "cached_tokens", "cost")
    columns = _application, UsageRow.model, UsageRow.purpose
    rows: Iterable[Any] = session.execute(
        _with_application(select(*columns, *_COUNTED))
        .where(UsageRow.created_at >= _midnight(day), UsageRow.created_at < _midnight(day + _DAY))
        .group_by(*columns)
    ).all()
    sums = [
        {"day": day, "application": row[0], "model": row[1], "purpose": row[2]}
        | dict(zip(names, row[3:], strict=True))
        for row in rows
    ]
    session.execute(insert(UsageDay), sums)
    _move(mark, day + _DAY, now)
    return True


def used_for(session: Session, extent: Extent) -> list[UsedFor]:
    """What was used, by model and purpose."""
    found: dict[tuple[str, str], Used] = {}
    for model, purpose, *sums in _rows(session, extent):
        key = model, purpose
        found[key] = found.get(key, Used()) + _used(sums)
    return [UsedFor(model, purpose, used) for (model, purpose), used in sorted(found.items())]


def by_day(session: Session, first: date, last: date) -> list[tuple[date, Used]]:
    """What everybody used on each of the days, from the first to the last; nothing where nothing was."""
    summed = session.execute(
        select(UsageDay.day, *_SUMMED).where(UsageDay.day.between(first, last)).group_by(UsageDay.day)
    )
    found = {row[0]: _used(row[1:]) for row in summed}
    day = max(first, _marked(session.get(Meta, _MARK)) or first)
    while day <= last:
        within = UsageRow.created_at >= _midnight(day), UsageRow.created_at < _midnight(day + _DAY)
        found[day] = _used(session.execute(select(*_COUNTED).where(*within)).one())
        day += _DAY
    days = (first + at * _DAY for at in range((last - first).days + 1))
    return [(day, found.get(day, Used())) for day in days]


def _rows(session: Session, extent: Extent) -> Iterable[Any]:
    columns = UsageRow.model, UsageRow.purpose
    if extent.user_id is not None:
        own = select(*columns, *_COUNTED).join(Turn, Turn.id == UsageRow.turn_id)
        seen = own.join(Conversation, Conversation.no == Turn.conversation_no)
        seen = seen.where(Turn.user_id == extent.user_id, Conversation.incognito.is_(False))
        return session.execute(seen.group_by(*columns)).all()
    summed = select(UsageDay.model, UsageDay.purpose, *_SUMMED).group_by(UsageDay.model, UsageDay.purpose)
    since = select(*columns, *_COUNTED).group_by(*columns)
    mark = _marked(session.get(Meta, _MARK))
    if mark is not None:
        since = since.where(UsageRow.created_at >= _midnight(mark))
    if extent.application is not None:
        summed = summed.where(UsageDay.application == extent.application)
        since = _with_application(since).where(_application == extent.application)
    return [*session.execute(summed), *session.execute(since)]


def _with_application(query: Select[*Ts]) -> Select[*Ts]:
    """With whose application each call was made: that of the conversation it answers in, or its user's."""
    return (
        query.outerjoin(Turn, Turn.id == UsageRow.turn_id)
        .outerjoin(Conversation, Conversation.no == Turn.conversation_no)
        .outerjoin(User, User.id == UsageRow.user_id)
    )


def _used(sums: Any) -> Used:
    calls, answers, prompt, completion, cached, cost = sums
    return Used(calls, answers, int(prompt), int(completion), int(cached), float(cost))


def _move(mark: Meta, day: date, now: datetime) -> None:
    if _marked(mark) != day:
        mark.value, mark.updated_at = {"upto": day.isoformat()}, now


def _marked(mark: Meta | None) -> date | None:
    return date.fromisoformat(mark.value["upto"]) if mark is not None and mark.value else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
