"""Sessions of applications: /api/v1/chat. `router` can stand in any FastAPI application.

There it opens the database that the settings name at its first request, beside a running bot or without one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from bot.api.access import Admin, Reader, Writer
from bot.api.hosting import HostedRoute, closing
from bot.api.paging import Cursor, cursor_to, place_in
from bot.api.schemas import PROBLEMS, Page, UserId
from bot.api.schemas.sessions import (
    SESSION,
    CleanedUp,
    Cleanup,
    HealthShown,
    NewSession,
    NewSessionMessage,
    NewTitle,
    SessionContextShown,
    SessionExport,
    SessionImported,
    SessionMessageShown,
    SessionQuery,
    SessionShown,
    SessionStatistics,
)
from bot.api.services import service
from bot.core.errors import Invalid
from bot.services.session_values import MOST_MESSAGES, ChatSession, NewMessage, SessionMessage
from bot.services.sessions import MOST_LISTED, Sessions

router = APIRouter(
    prefix="/api/v1/chat",
    tags=["sessions"],
    route_class=HostedRoute,
    responses=dict(PROBLEMS),
    lifespan=closing,
)

Kept = Annotated[Sessions, Depends(service(Sessions))]
SessionId = Annotated[
    str, Path(min_length=1, max_length=255, description="Our id of it, or your own.", examples=[SESSION])
]
Before = Annotated[
    str | None, Query(max_length=20, description="Those before this message: `next` of the page before.")
]


@router.post("/sessions", status_code=201, summary="Begin a session")
async def create_session(caller: Writer, new: NewSession, kept: Kept) -> SessionShown:
    """A new session of a user; beyond the limit of active ones the least recently used is archived."""
    return _session(await kept.create(caller, new.user_id, new.title, new.metadata))


@router.post(
    "/sessions/import",
    status_code=201,
    summary="Take a session in",
    responses={200: {"model": SessionImported, "description": "It was taken in before."}},
)
async def import_session(
    caller: Writer,
    document: SessionExport,
    kept: Kept,
    response: Response,
    copy: Annotated[bool, Query(description="Make another one of an export that is known.")] = False,
    user_id: Annotated[UserId | None, Query(description="Another owner than the export's.")] = None,
) -> SessionImported:
    """Make a session of an export: a new id; times, types, links and metadata stay."""
    made, created = await kept.import_(caller, document.model_dump(), user_id, copy=copy)
    response.status_code = 201 if created else 200
    return SessionImported.model_validate({**_session(made).model_dump(), "created": created})


@router.get("/sessions/{session_id}", summary="Show a session")
async def get_session(caller: Reader, session_id: SessionId, kept: Kept) -> SessionShown:
    """A session, active or archived."""
    return _session(await kept.get(caller, session_id))


@router.delete("/sessions/{session_id}", status_code=204, response_class=Response, summary="Delete a session")
async def delete_session(caller: Writer, session_id: SessionId, kept: Kept) -> None:
    """It is hidden at once; its messages go for good after DELETE_GRACE_DAYS."""
    await kept.delete(caller, session_id)


@router.get("/users/{user_id}/sessions", summary="List a user's sessions")
async def get_user_sessions(
    caller: Reader,
    user_id: Annotated[UserId, Path()],
    kept: Kept,
    status: Literal["active", "archived"] | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED - 1)] = 50,
    cursor: Cursor = None,
) -> Page[SessionShown]:
    """The last used first."""
    place = place_in(cursor, int)
    offset = place[0] if place else 0
    if not 0 <= offset < 2**31:
        raise Invalid("not a cursor of ours", field="cursor")
    rows = await kept.of_user(caller, user_id, status, offset, limit + 1)
    following = cursor_to(offset + limit) if len(rows) > limit else None
    shown = [_session(row) for row in rows[:limit]]
    return Page(items=shown, count=len(shown), next=following)


@router.put("/sessions/{session_id}/title", summary="Name a session")
async def update_title(caller: Writer, session_id: SessionId, new: NewTitle, kept: Kept) -> SessionShown:
    """Give a title; an empty one leaves it to the first words."""
    return _session(await kept.rename(caller, session_id, new.title))


@router.post("/sessions/{session_id}/deactivate", summary="Archive a session")
async def deactivate_session(caller: Writer, session_id: SessionId, kept: Kept) -> SessionShown:
    """Its next message makes it active again."""
    return _session(await kept.deactivate(caller, session_id))


@router.post("/sessions/{session_id}/messages", status_code=201, summary="Keep a message")
async def add_message(
    caller: Writer, session_id: SessionId, new: NewSessionMessage, kept: Kept
) -> SessionMessageShown:
    """Keep what was said; nobody answers. What the user says is read for facts later."""
    message = NewMessage(new.message_type, new.content, new.response_to, new.metadata)
    return _message(await kept.add_message(caller, session_id, message))


@router.get("/sessions/{session_id}/messages", summary="Show messages")
async def get_messages(
    caller: Reader,
    session_id: SessionId,
    kept: Kept,
    limit: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 50,
    before: Before = None,
) -> Page[SessionMessageShown]:
    """The last ones, oldest first; `next`, given as `before`, shows those before them."""
    rows = await kept.messages(caller, session_id, limit, before)
    shown = [_message(row) for row in rows]
    # A full page may be the first of all: the one before it is then empty.
    return Page(items=shown, count=len(shown), next=shown[0].id if len(rows) == limit else None)


@router.post("/sessions/{session_id}/search", summary="Search a session")
async def search_messages(
    caller: Reader, session_id: SessionId, asked: SessionQuery, kept: Kept
) -> Page[SessionMessageShown]:
    """The messages that hold words of the query in any of their forms, the best first."""
    shown = [_message(row) for row in await kept.search(caller, session_id, asked.query, asked.limit)]
    return Page(items=shown, count=len(shown))


@router.get("/sessions/{session_id}/context", summary="Show what a model needs")
async def get_context(
    caller: Reader,
    session_id: SessionId,
    kept: Kept,
    message_limit: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 20,
) -> SessionContextShown:
    """The summary of what is older, and the last messages."""
    found = await kept.context(caller, session_id, message_limit)
    shown = [_message(row) for row in found.messages]
    return SessionContextShown(
        session_id=found.session_id, context_summary=found.context_summary, messages=shown
    )


@router.get("/sessions/{session_id}/export", response_model=SessionExport, summary="Export a session")
async def export_session(caller: Reader, session_id: SessionId, kept: Kept) -> Any:
    """The whole session as one document, which `import` takes."""
    return await kept.export(caller, session_id)


@router.get("/statistics", summary="Count sessions")
async def get_statistics(caller: Reader, kept: Kept) -> SessionStatistics:
    """An admin's numbers are of all sessions, another key's of its application's."""
    return SessionStatistics.model_validate(await kept.statistics(caller))


@router.post("/cleanup", summary="Delete old sessions")
async def cleanup(caller: Admin, asked: Cleanup, kept: Kept) -> CleanedUp:
    """Delete sessions without activity for so many days; never Telegram's conversations."""
    return CleanedUp(deleted_count=await kept.cleanup(caller, asked.days))


@router.get("/health", summary="Tell whether sessions can be kept")
async def health(kept: Kept) -> HealthShown:
    """Needs no key."""
    return HealthShown.model_validate(await kept.health())


def _session(found: ChatSession) -> SessionShown:
    return SessionShown.model_validate(found)


def _message(found: SessionMessage) -> SessionMessageShown:
    return SessionMessageShown.model_validate(found)
