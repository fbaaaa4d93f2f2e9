"""/api/v1/conversations on the wire: shapes, pages, what does not fit."""

from __future__ import annotations

from typing import Any

from tests.api.house import House

ROOT = "/api/v1/conversations"


async def test_listed_named_archived_reopened_deleted(house: House) -> None:
    key, reading = await house.key("shop"), await house.key("shop", "read")

    async def ok(method: str, path: str, **more: Any) -> Any:
        status, body, _ = await house.ask(method, path, key, **more)
        assert status < 300, body
        return body

    for number in range(3):
        new = {"user_id": "anna", "title": f"{number}", "metadata": {"n": number}}
        await ok("POST", "/api/v1/chat/sessions", json=new)
    said = {"message_type": "user", "content": "Waterproof boots, please", "user_id": "anna"}
    message = await ok("POST", "/memory/conversation/desk-7/message", json=said)
    pages = [await ok("GET", f"{ROOT}?user_id=anna&limit=3")]
    pages.append(await ok("GET", f"{ROOT}?user_id=anna&limit=3&cursor={pages[0]['next']}"))
    titles = [[item["title"] for item in page["items"]] for page in pages]
    assert (titles, [page["count"] for page in pages]) == (
        [["Waterproof boots, please", "2", "1"], ["0"]],
        [3, 1],
    )
    assert pages[1]["next"] is None
    shown = await ok("GET", f"{ROOT}/desk-7")
    assert shown == pages[0]["items"][0] == {
        "id": message["session_id"], "user_id": "anna", "chat_id": message["session_id"], "topic_id": None,
        "title": "Waterproof boots, please", "status": "active", "context_summary": None, "message_count": 1,
        "last_message_at": message["created_at"], "created_at": shown["created_at"],
        "updated_at": message["created_at"], "metadata": {},
    }  # fmt: skip
    changed = await ok("PATCH", f"{ROOT}/desk-7", json={"title": "Boots", "status": "archived"})
    assert (changed["title"], changed["status"]) == ("Boots", "archived")
    assert [item["title"] for item in (await ok("GET", f"{ROOT}?status=archived"))["items"]] == ["Boots"]
    assert (await ok("PATCH", f"{ROOT}/desk-7", json={"status": "active"}))["title"] == "Boots"
    for method, body in (("PATCH", {"title": "Mine"}), ("DELETE", None)):
        assert (await house.ask(method, f"{ROOT}/desk-7", reading, json=body))[0] == 403
    for path, body, field in (
        ("/desk-7", {"status": "deleted"}, "status"), ("/desk-7", {"name": "x"}, "name"),
    ):  # fmt: skip
        status, problem, _ = await house.ask("PATCH", ROOT + path, key, json=body)
        assert (status, problem["field"]) == (422, field)
    for query, field in (("status=deleted", "status"), ("limit=0", "limit"), ("cursor=WzFd", "cursor")):
        status, problem, _ = await house.ask("GET", f"{ROOT}?{query}", reading)
        assert (status, problem["field"]) == (422, field)
    assert (await house.ask("DELETE", f"{ROOT}/desk-7", key))[:2] == (204, "")
    assert (await house.ask("GET", f"{ROOT}/desk-7", key))[0] == 404
    assert (await house.ask("GET", f"{ROOT}?user_id=bob", key))[0] == 404
