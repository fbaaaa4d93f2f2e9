"""POST /chat/: through the same flow as everywhere, whole or as a stream, whoever waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Conversation, Memory, Message, Turn, User
from tests.api.house import House, events_of, running_house
from tests.support.llm_steps import HttpError, Text, ToolCalls
from tests.support.waiting import until

SAVED = ToolCalls(
    [("save_user_fact", {"text": "Lives in Oslo", "kind": "home", "quote": "I live in Oslo"})], usage=(50, 5)
)


async def test_an_answer_and_the_memory_behind_it(house_on_both: House) -> None:
    house = house_on_both
    token, shop = await house.key(), await house.key("shop")
    house.llm.script(
        SAVED, Text("Oslo it is.", usage=(80, 4)), Text("You live in Oslo."), Text("I do not know.")
    )
    status, first, _ = await house.ask(
        "POST", "/chat/", token, json={"prompt": "I live in Oslo", "user_id": "u-1"}
    )
    assert status == 200
    assert first["response"] == "Oslo it is."
    assert first["usage"] == {"prompt_tokens": 130, "completion_tokens": 9, "total_tokens": 139}
    assert first["model"] == "gpt-4o-mini"
    assert list(first) == ["response", "conversation_id", "message_id", "model", "usage"]
    stored = await house.look(lambda s: s.get(Message, int(first["message_id"])))
    assert stored is not None
    assert (stored.direction, stored.content) == ("outgoing", "Oslo it is.")
    # The same person in a new conversation, without the slash at the end, by a number that is a name.
    _, second, _ = await house.ask(
        "POST", "/chat", token, json={"prompt": "Where?", "user_id": "u-1", "model": "gpt-4o-mini"}
    )
    assert second["response"] == "You live in Oslo."
    assert second["conversation_id"] != first["conversation_id"]
    assert "- Lives in Oslo" in house.shown()
    # The same word in another application is another person.
    await house.ask("POST", "/chat/", shop, json={"prompt": "Where?", "user_id": "u-1"})
    assert "Oslo" not in house.shown()
    rows = await house.look(lambda s: s.scalars(select(Conversation).order_by(Conversation.no)).all())
    assert [row.application for row in rows] == ["default", "default", "shop"]
    assert len(await house.look(lambda s: s.scalars(select(Memory)).all())) == 1


async def test_conversations_go_on_and_have_names_of_their_own(house: House) -> None:
    token = await house.key()
    house.llm.default(lambda body: Text(f"{len(body['messages'])}"))

    async def say(text: str, **more: str) -> dict[str, Any]:
        status, body, _ = await house.ask("POST", "/chat/", token, json={"prompt": text, **more})
        assert status == 200, body
        return body  # type: ignore[no-any-return]

    first = await say("one", conversation_id="desk")
    assert await house.look(lambda s: s.scalars(select(Conversation.external_id)).all()) == ["desk"]
    second = await say("two", conversation_id="desk")
    third = await say("three", conversation_id=first["conversation_id"])
    assert first["conversation_id"] == second["conversation_id"] == third["conversation_id"]
    assert "one" in house.shown()
    # Without a name everybody is somebody new: nobody's memory is anybody else's.
    await say("four")
    users = await house.look(lambda s: s.scalars(select(User)).all())
    assert len({user.external_id for user in users if user.external_id.startswith("guest-")}) == 2


async def test_a_stream_grows_and_ends_with_the_whole_answer(house: House) -> None:
    token = await house.key()
    house.llm.script(Text("Hello there, dear friend.", delay=0.02), Text("Again."))
    _, text, headers = await house.ask(
        "POST", "/chat/", token, json={"prompt": "hi", "user_id": "u-2", "stream": True}
    )
    assert headers["Content-Type"].startswith("text/event-stream")
    *deltas, (last, done) = events_of(text)
    assert len(deltas) > 1
    assert "".join(data["text"] for _, data in deltas) == "Hello there, dear friend."
    assert (last, done["response"]) == ("done", "Hello there, dear friend.")
    assert done["conversation_id"] == headers["X-Conversation-ID"]
    _, text, _ = await house.ask(
        "POST", "/chat/", token, json={"prompt": "hi"}, headers={"Accept": "text/event-stream"}
    )
    assert events_of(text)[-1][1]["response"] == "Again."


async def test_an_answer_nobody_waits_for_is_made_all_the_same(house: House) -> None:
    token = await house.key()
    answer = Text("It was worth the wait.", chunks=2, delay=0.1)
    for stream in (False, True):
        house.llm.script(answer)
        await _hang_up(house, token, {"prompt": "hi", "conversation_id": f"desk {stream}", "stream": stream})
        await until(lambda: len(house.listening) == 0)
    await until(lambda: house.look(_all_delivered))
    texts = await house.look(lambda s: s.scalars(select(Message.content).order_by(Message.id)).all())
    assert texts == ["hi", "It was worth the wait."] * 2


def _all_delivered(session: Session) -> bool:
    return list(session.scalars(select(Turn.status))) == ["delivered"] * 2


async def _hang_up(house: House, token: str, sent: dict[str, Any]) -> None:
    """Ask, and close the connection once the question is being answered."""
    asked = len(house.llm.requests)
    asking = asyncio.ensure_future(house.ask("POST", "/chat/", token, json=sent))  # noqa: TID251
    await until(lambda: len(house.llm.requests) > asked)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_what_the_model_refuses_is_told_in_the_status_or_the_stream(house: House) -> None:
    token = await house.key()
    bad = HttpError(401, {"error": {"message": "sk-secret is wrong"}})
    house.llm.script(bad, bad)
    status, problem, _ = await house.ask("POST", "/chat/", token, json={"prompt": "hi"})
    assert (status, problem["type"]) == (502, "urn:mnema:llm.auth")
    assert "sk-secret" not in str(problem)
    status, text, _ = await house.ask("POST", "/chat/", token, json={"prompt": "hi", "stream": True})
    assert status == 200
    assert [(name, data["status"]) for name, data in events_of(text)] == [("error", 502)]


MISFITS: list[tuple[Any, str]] = [
    ({}, "prompt"),
    ({"prompt": ""}, "prompt"),
    ({"prompt": "x" * 100_001}, "prompt"),
    ({"prompt": "\ud800"}, "prompt"),
    ({"prompt": " \x00\n"}, "prompt"),
    ({"prompt": "hi", "model": "llama3.2"}, "model"),
    ({"prompt": "hi", "user_id": ""}, "user_id"),
    ({"prompt": "hi", "user_id": "a\x00b"}, "user_id"),
    ({"prompt": "hi", "conversation_id": "x" * 256}, "conversation_id"),
    ({"prompt": "hi", "conversation_id": "a\x00b"}, "conversation_id"),
    ({"prompt": "hi", "conversation_id": " "}, "conversation_id"),
    ([], ""),
]


async def test_the_chosen_model_answers_also_after_its_tools(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with running_house(sqlite_database_url, tmp_path, llm_fallback_models=("other",)) as house:
        token, sent = await house.key(), {"prompt": "I live in Oslo", "user_id": "u-1"}
        house.llm.script(SAVED, Text("Saved by the other."), Text("And by the first."))
        _, answer, _ = await house.ask("POST", "/chat/", token, json={**sent, "model": "other"})
        assert answer["model"] == "other"
        _, answer, _ = await house.ask("POST", "/chat/", token, json=sent)
        assert answer["model"] == "gpt-4o-mini"
        assert [one.body["model"] for one in house.llm.requests] == ["other", "other", "gpt-4o-mini"]
        status, problem, _ = await house.ask("POST", "/chat/", token, json={**sent, "model": "third"})
        assert (status, problem["field"]) == (422, "model")
        assert "gpt-4o-mini, other" in problem["detail"]


async def test_what_does_not_fit(house: House) -> None:
    token = await house.key()
    for body, field in MISFITS:
        status, problem, _ = await house.ask("POST", "/chat/", token, json=body)
        assert (status, problem["field"]) == (422, field)
        assert field != "model" or "gpt-4o-mini" in problem["detail"]
    kinds: list[dict[str, Any]] = [{"data": '{"prompt": "x"}'}, {"data": {"prompt": "x"}}]
    for sent in kinds:
        status, problem, _ = await house.ask("POST", "/chat/", token, **sent)
        assert (status, problem["type"]) == (415, "urn:mnema:not_json")
    assert not await house.look(lambda s: s.scalars(select(Turn)).all())
    foreign = {"Origin": "https://evil.example"}
    assert (await house.ask("POST", "/chat/", token, json={"prompt": "x"}, headers=foreign))[0] == 403
    known = {
        "Origin": "https://pages.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key, content-type",
    }  # fmt: skip
    status, _, headers = await house.ask("OPTIONS", "/chat/", headers=known)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "https://pages.example")


async def test_a_stop_ends_the_waiting_with_a_word(house: House) -> None:
    token = await house.key()
    house.llm.script(Text("Too late.", chunks=1, delay=0.3))
    sent = {"prompt": "hi", "stream": True}
    asking = asyncio.ensure_future(house.ask("POST", "/chat/", token, json=sent))  # noqa: TID251
    await until(lambda: len(house.listening) == 1)
    house.listening.release()
    _, text, _ = await asking
    assert [(name, data["status"]) for name, data in events_of(text)] == [("error", 503)]
