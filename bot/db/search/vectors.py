"""Embeddings as rows, compared in memory: within one owner's rows that is quicker than any index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.db.models import Vector
from bot.db.upsert import insert_new

Vec = NDArray[np.float32]
_ROWS = 4096


def put_vector(
    session: Session, kind: str, item_id: int, owner: str, model: str, vector: Sequence[float]
) -> None:
    """Store the embedding of an item, brought to length one; a zero vector is stored as it is."""
    session.execute(delete(Vector).where(Vector.kind == kind, Vector.item_id == item_id))
    row = {"kind": kind, "item_id": item_id, "owner": owner, "model": model, "data": as_bytes(vector)}
    insert_new(session, Vector, [row], ["kind", "item_id"])


def fill_vector(session: Session, kind: str, item_id: int, model: str, vector: Sequence[float]) -> bool:
    """Store the embedding that an item waits for; False when it waits no more."""
    waiting = update(Vector).where(Vector.kind == kind, Vector.item_id == item_id, Vector.model == "")
    filled = session.execute(waiting.values(model=model, data=as_bytes(vector)).returning(Vector.item_id))
    return filled.first() is not None


def nearest(
    session: Session,
    owners: Sequence[str],
    kinds: Sequence[str],
    vector: Sequence[float],
    k: int,
    *,
    model: str,
) -> list[tuple[str, int, float]]:
    """The k items of these owners and kinds whose vectors of `model` are closest: (kind, id, cosine)."""
    if not owners or not kinds or k < 1:
        return []
    asked = _unit(np.asarray(vector, dtype=np.float32))
    rows = session.execute(
        select(Vector.kind, Vector.item_id, Vector.data)
        .where(Vector.owner.in_(owners), Vector.kind.in_(kinds), Vector.model == model)
        .execution_options(yield_per=_ROWS)
    )
    best: list[tuple[str, int, float]] = []
    for part in rows.partitions(_ROWS):
        # A server may change the length of its vectors under the same name.
        fitting = [row for row in part if len(row.data) == asked.nbytes]
        if not fitting:
            continue
        matrix = np.frombuffer(b"".join(row.data for row in fitting), np.float32).reshape(len(fitting), -1)
        scores = matrix @ asked
        order = np.argsort(-scores)[:k]
        best += [(fitting[at].kind, fitting[at].item_id, float(scores[at])) for at in order]
        best = sorted(best, key=lambda hit: (-hit[2], hit[0], hit[1]))[:k]
    return best


def as_bytes(vector: Sequence[float]) -> bytes:
    """A vector as it is stored: float32, of length one."""
    return _unit(np.asarray(vector, dtype=np.float32)).tobytes()


def _unit(vector: Vec) -> Vec:
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length > 0 and np.isfinite(length) else np.zeros_like(vector)
