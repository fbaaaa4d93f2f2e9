"""Sessions inside an application of your own, on the database that DATABASE_URL names.

API_AUTH=off uvicorn --app-dir examples chat_memory_router:app --port 8001
curl localhost:8001/api/v1/chat/health
"""

from __future__ import annotations

from fastapi import FastAPI

from bot.api.routes.chat_memory import router

app = FastAPI(title="A shop")
app.include_router(router)


@app.get("/")
async def shop() -> dict[str, str]:
    """A page of the shop's own."""
    return {"shop": "open"}
