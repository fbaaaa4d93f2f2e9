"""A user's documents: given as a file or a text, listed, read back, deleted."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from bot.api.access import Reader, Writer
from bot.api.paging import Cursor, Limit, page_of, place_in
from bot.api.routing import make_router
from bot.api.schemas import Page, UserId, UtcTime
from bot.api.services import service
from bot.memory.parsing.blocks import MOST_CHARACTERS
from bot.memory.parsing.refusals import DocumentRefused, Reason
from bot.memory.parsing.run import MOST_BYTES
from bot.services.audit import Audit
from bot.services.document_owners import of_caller
from bot.services.knowledge import Added, DocumentItem, Knowledge
from bot.services.reach import Caller
from bot.web.problems import Problem

router = make_router("knowledge", prefix="/api/v1/users/{user_id}/knowledge")

DocumentOf = Annotated[UserId, Path()]
EntryId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[12])]
Kept = Annotated[Knowledge, Depends(service(Knowledge))]
Noted = Annotated[Audit, Depends(service(Audit))]

_AROUND_A_FILE: Final = 64 * 1024
_STATUS: Final[dict[Reason, int]] = {
    "too_large": 413, "too_long": 413, "too_many_pages": 413, "heavy": 413, "unsupported": 415, "full": 409,
}  # fmt: skip


class TextEntry(BaseModel):
    """A text to be kept."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=255, examples=["House rules"])
    text: str = Field(min_length=1, max_length=MOST_CHARACTERS, examples=["Guest parking costs 35 an hour."])


class Entry(BaseModel):
    """A document that is kept; `size` in bytes."""

    id: int = Field(examples=[12])
    title: str = Field(examples=["House rules"])
    mime: str = Field(examples=["application/pdf"])
    size: int = Field(examples=[48213])
    passages: int = Field(examples=[9])
    created_at: UtcTime


class NewEntry(Entry):
    """A document that is kept now; `created` is false when the same content was there before."""

    created: bool = Field(examples=[True])


class PassageShown(BaseModel):
    """A passage with what a citation names."""

    page: int | None = Field(examples=[3])
    heading: str | None = Field(examples=["Parking"])
    text: str = Field(examples=["Guest parking costs 35 an hour."])


class WholeEntry(Entry):
    """A document with its passages."""

    content: list[PassageShown]


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "PDF, DOCX, HTML, Markdown, text, CSV or JSON, up to 20 MB.",
                        }
                    },
                },
                "encoding": {"file": {"contentType": "text/plain, text/markdown, application/pdf, */*"}},
            },
            "application/json": {"schema": TextEntry.model_json_schema()},
        },
    }
}


@router.post(
    "",
    status_code=201,
    summary="Give a user a document",
    openapi_extra=_BODY,
    responses={200: {"model": NewEntry, "description": "The same content was there before."}},
)
async def add_entry(
    caller: Writer, user_id: DocumentOf, kept: Kept, request: Request, response: Response
) -> NewEntry:
    """Read a file or a text and keep its passages; the user is made at first use.

    The answer comes when it is read. It serves this user's private chat and sessions only. The same content
    again is 200 with `created` false.
    """
    try:
        added = await _added(caller, user_id, kept, request)
    except DocumentRefused as refusal:
        status = _STATUS.get(refusal.reason, 422)
        raise Problem(status, str(refusal), code=f"document_{refusal.reason}") from None
    response.status_code = 200 if added.known else 201
    return NewEntry(**_fields(added.item), created=not added.known)


@router.get("", summary="List a user's documents")
async def list_entries(
    caller: Reader, user_id: DocumentOf, kept: Kept, noted: Noted, limit: Limit = 50, cursor: Cursor = None
) -> Page[Entry]:
    """Newest first."""
    place = place_in(cursor, int)
    await noted.user(caller, "documents.read", user_id)
    rows = await kept.entries(of_caller(caller, user_id), limit + 1, place[0] if place else None)
    return page_of(rows, limit, lambda item: Entry(**_fields(item)), lambda item: [item.id])


@router.get("/{entry_id}", summary="Show a document")
async def get_entry(
    caller: Reader, user_id: DocumentOf, entry_id: EntryId, kept: Kept, noted: Noted
) -> WholeEntry:
    """A document with its passages in their order."""
    item, passages = await kept.get(of_caller(caller, user_id), entry_id)
    await noted.user(caller, "documents.read", user_id)
    content = [PassageShown(page=p.page, heading=p.heading, text=p.text) for p in passages]
    return WholeEntry(**_fields(item), content=content)


@router.delete("/{entry_id}", status_code=204, response_class=Response, summary="Delete a document")
async def delete_entry(caller: Writer, user_id: DocumentOf, entry_id: EntryId, kept: Kept) -> None:
    """Delete it with its passages, their index, and the kept prompts that held them."""
    await kept.delete(of_caller(caller, user_id), entry_id)


async def _added(caller: Caller, user_id: str, kept: Knowledge, request: Request) -> Added:
    whose = of_caller(caller, user_id)
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BYTES + _AROUND_A_FILE:
        raise DocumentRefused("too_large")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        entry = await _text_entry(request)
        return await kept.add_text(whose, entry.title, entry.text)
    if kind != "multipart/form-data":
        raise Problem(
            415, "Send a file as multipart/form-data, or {title, text} as JSON.", code="not_a_document"
        )
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem(422, "The form needs a file in its field `file`.", code="invalid", field="file")
        return await kept.add_file(whose, file.filename, file.content_type, await file.read(MOST_BYTES + 1))


async def _text_entry(request: Request) -> TextEntry:
    try:
        return TextEntry.model_validate_json(await request.body())
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from None


def _fields(item: DocumentItem) -> dict[str, Any]:
    return {
        "id": item.id, "title": item.title, "mime": item.mime, "size": item.size,
        "passages": item.passages, "created_at": item.added_at,
    }  # fmt: skip
