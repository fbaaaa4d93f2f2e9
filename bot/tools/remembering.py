"""What the tools that write facts share: who may be written about, numbers of facts, notices."""

from __future__ import annotations

from typing import Any

from bot.core.views import MessageView
from bot.db.repositories import memories, sources
from bot.memory import facts, gates
from bot.memory.pausing import may_remember
from bot.tools.registry import ToolResult, ToolRun


def foreign_part(call: ToolRun) -> str | None:
    """What the turn holds beside the asker's own words; None for nothing. Such a turn only proposes."""
    view = call.view
    found = gates.foreign_part(view.current)
    if found is None and view.scope.user_id is not None:
        ids = [message.id for message in view.current]
        if sources.quotes_others(call.session, ids, view.scope.user_id):
            return "somebody else's quoted words"
    return found


def source_of(call: ToolRun, quote: str, foreign: str | None) -> MessageView:
    """The asker's message that holds the quote. Raises Refused, also for who has paused their memory."""
    may_remember(call.session, call.view.scope.user_id, call.view.conversation_no)
    return gates.source_of(quote, call.view.current, forwarded=foreign is not None)


def fact_numbered(call: ToolRun, number: int) -> int:
    """The id of the fact that get_user_facts listed under a number. Raises Refused."""
    listed = dict(memories.numbered(call.session, call.view.scope, call.now))
    if number not in listed:
        raise gates.Refused(f"there is no fact number {number}; call get_user_facts for the list", "alias")
    return listed[number].id


def keep(call: ToolRun, fact: facts.NewFact, foreign: str | None) -> ToolResult:
    """Save the fact, or propose it where the turn holds somebody else's words; code tells the person."""
    if foreign is not None:
        saved = facts.propose(call.session, call.view.scope, fact, call.now)
        if saved.state == "proposed":
            text = (
                f"Not saved yet: the message holds {foreign}, so the person is asked to confirm by a button."
            )
            return ToolResult(text, (notice("proposed", saved.text, saved.memory_id),))
    else:
        saved = facts.save(call.session, call.view.scope, fact, call.settings.max_facts, call.now)
    if saved.known:
        return ToolResult(f"Already remembered: {saved.text}")
    kind = "updated" if saved.closed else "remembered"
    return ToolResult(f"Remembered: {saved.text}", (notice(kind, saved.text, saved.memory_id),))


def notice(kind: str, text: str, *ids: int) -> dict[str, Any]:
    """A line for the person, as a plain row."""
    return {"kind": kind, "text": text, "ids": list(ids)}
