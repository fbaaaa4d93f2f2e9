"""Test data for trying things out: made by one request, removed by another."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Admin
from bot.api.routing import make_router
from bot.api.services import service
from bot.services.testdata.making import MOST_PEOPLE
from bot.services.testdata.service import MESSAGES, MOST_MESSAGES, PEOPLE, RealPeople, TestData
from bot.web.problems import Problem

router = make_router("test data", prefix="/admin-api")

Maker = Annotated[TestData, Depends(service(TestData))]


class NewTestData(BaseModel):
    """How much to make; nothing of it has to be named."""

    model_config = ConfigDict(extra="forbid")

    users: int = Field(
        PEOPLE, ge=1, le=MOST_PEOPLE, description="In English, Ukrainian and Russian by turns."
    )
    messages: int = Field(MESSAGES, ge=2, le=MOST_MESSAGES, description="Of each of them, answers included.")
    force: bool = Field(False, description="Also where there are real people.")


class TestDataMade(BaseModel):
    """What was made; nothing of what was there already."""

    users: int = Field(examples=[6])
    conversations: int = Field(examples=[18])
    messages: int = Field(examples=[120])
    facts: int = Field(examples=[30])


class TestDataRemoved(BaseModel):
    """What was removed, by kind; empty where there was no test data."""

    removed: dict[str, int] = Field(examples=[{"users": 6, "messages": 60, "replies": 60, "facts": 30}])


@router.post("/create-test-data", status_code=201, summary="Make test data")
async def create_test_data(
    caller: Admin,
    maker: Maker,
    wanted: Annotated[NewTestData | None, Body(examples=[{"users": 6, "messages": 20}])] = None,
) -> TestDataMade:
    """People who never lived, with conversations, summaries and facts; no model is called.

    They belong to the application test-data, and are found by ids such as test-emma, test-iryna, test-ivan.
    Refused (409) beside real people unless forced. Asked again, it makes only what is missing.
    """
    new = wanted or NewTestData()
    try:
        made = await maker.create(new.users, new.messages, force=new.force)
    except RealPeople as error:
        raise Problem(409, str(error), code="real_people") from error
    return TestDataMade.model_validate(made, from_attributes=True)


@router.delete("/test-data", summary="Remove test data")
async def remove_test_data(caller: Admin, maker: Maker) -> TestDataRemoved:
    """All of it, with whatever was said to test people since."""
    return TestDataRemoved(removed=dict(await maker.remove()))
