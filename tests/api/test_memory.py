"""The memory service: messages, facts and a search, for whoever may."""

from __future__ import annotations

from typing import Any

from tests.api.house import House


async def test_messages_facts_and_a_search(house_on_both: House) -> None:
    house = house_on_both
    key, rival, admin = await house.key("shop"), await house.key("rival"), await house.key(scopes="admin")

    async def ok(method: str, path: str, token: str = key, **more: Any) -> Any:
        status, body, _ = await house.ask(method, path, token, **more)
        assert status < 300, body
        return body

    said = {"message_type": "user", "content": "I work with Docker", "user_id": "anna", "tags": ["work"]}
    kept = await ok("POST", "/memory/conversation/desk-7/message", json=said)
    assert kept["metadata"] == {"tags": ["work"]}
    await ok("POST", "/memory/conversation/desk-7/message", json={"message_type": "ai", "content": "Good!"})
    talk = await ok("GET", "/memory/conversation/desk-7")
    assert ([m["content"] for m in talk["messages"]], talk["count"]) == (["I work with Docker", "Good!"], 2)

    new = {"user_id": "anna", "text": "Likes short answers", "kind": "preference", "tags": ["Style"]}
    fact = await ok("POST", "/api/v1/memories", json={**new, "priority": 8})
    assert (await ok("POST", "/api/v1/memories", json=new))["id"] == fact["id"]
    note = await ok(
        "POST", "/api/v1/memories", json={"conversation_id": "desk-7", "text": "About the new cluster"}
    )
    rule = await ok("POST", "/api/v1/memories", admin, json={"text": "We close at six"})
    whole = await ok("GET", "/memory/user/anna")
    assert [item["text"] for item in whole["preferences"]] == ["Likes short answers"]
    assert (whole["facts"], whole["profile"]["communication_style"]) == ([], "neutral")
    listed = await ok("GET", "/api/v1/memories?user_id=anna&tag=style&tag=other")
    assert [(item["id"], item["priority"]) for item in listed["items"]] == [(fact["id"], 8)]
    assert (await ok("GET", "/api/v1/memories?user_id=anna&tag=other"))["items"] == []
    second = await ok("POST", "/api/v1/memories", json={"user_id": "anna", "text": "Collects stamps"})
    pages = [await ok("GET", "/api/v1/memories?user_id=anna&limit=1")]
    pages.append(await ok("GET", f"/api/v1/memories?user_id=anna&limit=1&cursor={pages[0]['next']}"))
    assert [[item["id"] for item in page["items"]] for page in pages] == [[fact["id"]], [second["id"]]]
    assert pages[1]["next"] is None
    await ok("DELETE", f"/api/v1/memories/{second['id']}")
    assert [m["id"] for m in (await ok("GET", "/api/v1/memories", admin))["items"]] == [rule["id"]]

    found = await ok("POST", "/memory/query", json={"query": "docker", "user_id": "anna"})
    assert [(one["type"], one["text"]) for one in found["results"]] == [
        ("conversation", "I work with Docker")
    ]
    assert 0 < found["results"][0]["score"] <= 1
    query = {"query": "short answers", "user_id": "anna", "types": ["user"], "tags": ["style"]}
    assert (await ok("POST", "/memory/query", json=query))["results"][0]["id"] == f"f:{fact['id']}"
    assert (await ok("POST", "/memory/query", json={**query, "types": ["system"]}))["count"] == 0
    here = {"query": "docker", "conversation_id": "desk-7"}
    assert (await ok("POST", "/memory/query", json=here))["count"] == 1

    place = f"/api/v1/memories/{fact['id']}"
    changed = await ok("PATCH", place, json={"text": "Likes long answers", "ttl_seconds": 3600})
    assert changed["expires_at"] is not None
    status, refused, _ = await house.ask("POST", "/api/v1/memories", key, json={**new, "kind": "odd"})
    assert (status, refused["field"]) == (422, "kind")
    status, refused, _ = await house.ask("POST", "/memory/query", key, json={"query": "docker"})
    assert (status, refused["field"]) == (422, "user_id")
    assert (await house.ask("POST", "/api/v1/memories", key, json={"text": "We close at five"}))[0] == 403
    for memory in (changed, note, rule):
        for method in ("GET", "DELETE"):
            assert (await house.ask(method, f"/api/v1/memories/{memory['id']}", rival))[0] == 404
    assert (await house.ask("POST", "/memory/query", rival, json=here))[0] == 404
    for memory, token in ((changed, key), (note, key), (rule, admin)):
        await ok("DELETE", f"/api/v1/memories/{memory['id']}", token)
        assert (await house.ask("GET", f"/api/v1/memories/{memory['id']}", token))[0] == 404
