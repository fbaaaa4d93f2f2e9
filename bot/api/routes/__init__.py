"""The routes of the API, a topic a file; each file's `router` stands in `ROUTERS`."""

from __future__ import annotations

from fastapi import APIRouter

from bot.api.routes import (
    bookings,
    chat,
    chat_memory,
    conversations,
    dialogue,
    instance,
    jobs,
    knowledge,
    memories,
    memory,
    profiles,
    stats,
    testdata,
    traces,
    transfer,
    users,
)

ROUTERS: tuple[APIRouter, ...] = (
    bookings.router,
    chat.router,
    chat_memory.router,
    conversations.router,
    dialogue.router,
    instance.router,
    jobs.router,
    knowledge.router,
    memories.router,
    memory.router,
    profiles.router,
    stats.router,
    testdata.router,
    traces.router,
    transfer.router,
    users.router,
)
