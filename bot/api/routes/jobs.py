"""The queue, for operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from bot.api.access import Admin
from bot.api.paging import Cursor, Limit, page_of, place_in
from bot.api.routing import make_router
from bot.api.schemas import Page, UtcTime
from bot.api.services import service
from bot.services.jobs_desk import JobLine, JobsDesk

router = make_router("jobs", prefix="/api/v1/jobs")


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Takes the configured secrets out of a text that a fault has written."""

    clean: Callable[[str], str]


class JobShown(BaseModel):
    """A job without what it carries; `age_seconds` since it was enqueued."""

    id: int = Field(examples=[41])
    kind: str = Field(examples=["turn.answer"])
    lane: str = Field(examples=["turn:7"])
    status: Literal["queued", "running", "dead"]
    attempts: int
    age_seconds: float
    due_at: UtcTime
    error: str | None


class Queued(BaseModel):
    """A job that waits again."""

    id: int = Field(examples=[41])
    status: Literal["queued"] = "queued"


Desk = Annotated[JobsDesk, Depends(service(JobsDesk))]


@router.get("", summary="List unfinished jobs and dead letters")
async def list_jobs(
    caller: Admin,
    desk: Desk,
    cleaning: Annotated[Cleaning, Depends(service(Cleaning))],
    dead: Annotated[bool, Query(description="Only dead letters.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[JobShown]:
    """Oldest first."""
    place = place_in(cursor, int)
    rows = await desk.list(dead=dead, limit=limit + 1, after=place[0] if place else 0)
    return page_of(rows, limit, lambda line: _shown(line, cleaning.clean), lambda line: [line.id])


@router.post("/{job_id}/retry", summary="Queue a dead letter again")
async def retry_job(
    caller: Admin, desk: Desk, job_id: Annotated[int, Path(ge=1, le=2**63 - 1, examples=[41])]
) -> Queued:
    """A running bot takes it up within a second."""
    await desk.retry(job_id)
    return Queued(id=job_id)


def _shown(line: JobLine, clean: Callable[[str], str]) -> JobShown:
    return JobShown(
        id=line.id,
        kind=line.kind,
        lane=line.lane,
        status=line.status,  # type: ignore[arg-type]  # the desk lists these three
        attempts=line.attempts,
        age_seconds=round(line.age, 1),
        due_at=line.due_at,
        error=None if line.error is None else clean(line.error),
    )
