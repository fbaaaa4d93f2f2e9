"""Answers that cannot be shown now: they leave their lane to the next ones, and are tried again later."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.jobs import ClaimedJob, NewJob

LANE_SECONDS = 60.0
"""Seconds for which an answer that cannot be shown may hold up the next one of its conversation."""

LANE_ATTEMPTS = 4
"""Attempts after which it leaves the lane, before its job would be given up."""

LATE_PAUSE = 60.0
"""Seconds between later tries, if nobody asks for more."""

LATE_SECONDS = 6 * 3600.0
"""Seconds for which an answer is tried to be shown at all."""


def must_leave(job: ClaimedJob, seconds: float, now: datetime) -> bool:
    """Whether waiting `seconds` more in the lane is too long for those behind it."""
    waited = (now - (job.first_failed_at or now)).total_seconds()
    return job.attempts >= LANE_ATTEMPTS or waited + seconds > LANE_SECONDS


def late_job(turn_id: int, job: ClaimedJob, seconds: float, now: datetime) -> NewJob | None:
    """The job that tries again after `seconds` at the earliest; None when it has been tried long enough."""
    until = job.payload.get("until") or now.timestamp() + LATE_SECONDS
    due = now + timedelta(seconds=max(seconds, LATE_PAUSE))
    if due.timestamp() > until:
        return None
    return NewJob(
        kind="turn.answer",
        pool=job.pool,
        lane=f"late:{turn_id}",
        payload={"turn_id": turn_id, "until": until},
        dedup_key=f"late:{turn_id}:{job.id}",
        due_at=due,
    )
