"""Posting lists: the ids behind a term, within one chat or owner only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.db.search import postgres, sqlite
from bot.db.search.entries import MOST_REPEATS, is_term
from bot.db.upsert import is_postgres

Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Postings:
    """Messages that hold a term, ids ascending; `tf` is how often each holds it, None if once everywhere.

    `complete` is False when the limit left older ones out.
    """

    ids: Sequence[int]
    tf: Sequence[int] | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ItemPostings:
    """Items (kind, id) that hold a term; `tf` as in `Postings`."""

    ids: Sequence[tuple[str, int]]
    tf: Sequence[int] | None = None


def message_postings(
    session: Session,
    chat_ids: Sequence[int],
    terms: Sequence[str],
    *,
    limit: int | None = None,
    low: int | None = None,
    high: int | None = None,
    beside: Sequence[str] = (),
) -> dict[str, Postings]:
    """For each term the messages of these chats that hold it; terms that stand nowhere are left out.

    `limit` keeps the newest so many of each term; `low` and `high` bound the message ids, inclusive; with
    `beside` only messages count that also hold one of those terms, which is how a very common term is read.
    """
    prefixes = [f"c{chat_id}" for chat_id in dict.fromkeys(chat_ids)]
    look = postgres.message_ids if is_postgres(session) else sqlite.message_ids
    found: dict[str, Postings] = {}
    for term in _sought(terms) if prefixes else ():
        bounds = {"low": low, "high": high}
        ids = look(session, _tokens(prefixes, term), _all(prefixes, beside), limit=_one_more(limit), **bounds)
        if not ids:
            continue
        complete = limit is None or len(ids) <= limit
        ids = ids if complete else ids[len(ids) - (limit or 0) :]
        within = {"limit": None, "low": ids[0], "high": ids[-1]}
        found[term] = Postings(
            ids,
            _repeats(ids, lambda n, t=term, w=within: look(session, _tokens(prefixes, f"{t}^{n}"), (), **w)),  # type: ignore[misc]
            complete,
        )
    return found


def frequencies(
    session: Session, chat_ids: Sequence[int], terms: Sequence[str], most: int | None = None
) -> dict[str, int]:
    """How many messages of these chats hold each term, counted to `most` at the most; absent ones are 0."""
    prefixes = [f"c{chat_id}" for chat_id in dict.fromkeys(chat_ids)]
    if not prefixes:
        return dict.fromkeys(terms, 0)
    count = postgres.count_messages if is_postgres(session) else sqlite.count_messages
    counted = {term: count(session, _tokens(prefixes, term), most) for term in _sought(terms)}
    return dict.fromkeys(terms, 0) | counted


def item_postings(
    session: Session, owners: Sequence[str], kinds: Sequence[str], terms: Sequence[str]
) -> dict[str, ItemPostings]:
    """For each term the items of these owners and kinds that hold it."""
    if not owners or not kinds:
        return {}
    look = postgres.item_ids if is_postgres(session) else sqlite.item_ids
    found: dict[str, ItemPostings] = {}
    for term in _sought(terms):
        items = look(session, _tokens(owners, term), kinds)
        if items:
            repeats = _repeats(items, lambda n, t=term: look(session, _tokens(owners, f"{t}^{n}"), kinds))  # type: ignore[misc]
            found[term] = ItemPostings(items, repeats)
    return found


def _sought(terms: Sequence[str]) -> list[str]:
    return [term for term in dict.fromkeys(terms) if is_term(term)]


def _tokens(prefixes: Sequence[str], term: str) -> list[str]:
    return [f"{prefix}x{term}" for prefix in prefixes]


def _all(prefixes: Sequence[str], terms: Sequence[str]) -> list[str]:
    return [token for term in _sought(terms) for token in _tokens(prefixes, term)]


def _one_more(limit: int | None) -> int | None:
    return None if limit is None else limit + 1


def _repeats(ids: Sequence[Id], holding: Callable[[int], Sequence[Id]]) -> Sequence[int] | None:
    """How often each of the ids holds a term, from the marks of those that hold it n times and more."""
    found: list[int] | None = None
    for n in range(2, MOST_REPEATS + 1):
        stronger = holding(n)
        if not stronger:
            break
        if found is None:
            found, place = [1] * len(ids), {id_: at for at, id_ in enumerate(ids)}
        for id_ in stronger:
            if id_ in place:
                found[place[id_]] = n
    return found
