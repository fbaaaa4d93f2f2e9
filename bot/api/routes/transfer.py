"""Taking everything along."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query
from fastapi.responses import StreamingResponse

from bot.api.access import Reader
from bot.api.routing import make_router
from bot.api.schemas import UserId
from bot.api.services import service
from bot.services.transfer.exporting import Exports
from bot.services.transfer.writing import MIME, Format, write

router = make_router("users", prefix="/api/v1/users/{user_id}/export")

Exporting = Annotated[Exports, Depends(service(Exports))]
FormatOf = Annotated[Literal["json", "jsonl", "md", "html"], Query(alias="format")]

_EXAMPLES: dict[str, Any] = {
    "json": {"format": "mnema-export-1", "scope": "user", "exported_at": "2026-03-14T09:26:53Z", "users": []},
    "jsonl": '{"record": "export", "format": "mnema-export-1", "scope": "user"}\n',
    "md": "# What this bot keeps\n",
    "html": "<!doctype html>\n",
}
_FILES = {
    200: {
        "description": "The file, streamed.",
        "content": {
            mime: {"schema": {"type": "object" if name == "json" else "string"}, "example": _EXAMPLES[name]}
            for name, mime in MIME.items()
        },
        "headers": {
            "Content-Disposition": {
                "description": "A name for the file.",
                "schema": {"type": "string", "examples": ['attachment; filename="mnema-anna.json"']},
            }
        },
    }
}


@router.post("", summary="Export a user's everything", response_class=StreamingResponse, responses=_FILES)  # type: ignore[arg-type]
async def export_user(
    caller: Reader, user_id: Annotated[UserId, Path()], exports: Exporting, format_: FormatOf = "json"
) -> StreamingResponse:
    """Conversations, facts, documents, bookings and preferences, as a file that another instance can import.

    JSON and JSON lines are for programs, Markdown and HTML for reading. Keys are never in it.
    """
    records = await exports.of_user(caller, user_id)
    return StreamingResponse(
        _bytes(write(records, format_)), media_type=MIME[format_], headers=_name(user_id, format_)
    )


async def _bytes(text: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for piece in text:
        yield piece.encode("utf-8", "replace")


def _name(user_id: str, format_: Format) -> dict[str, str]:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", user_id)[:64]
    return {"Content-Disposition": f'attachment; filename="mnema-{plain}.{format_}"'}
