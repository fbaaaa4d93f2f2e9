"""One-line breakages of the product, each with the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` of `file` becomes `broken`; at least one of `tests` must fail then."""

    name: str
    file: str
    line: str
    broken: str
    tests: tuple[str, ...]


MEMORY = ("tests/flow/test_memory.py",)
GROUPS = ("tests/flow/test_groups.py",)
LIVELY = ("tests/flow/test_liveliness.py",)

FAULTS = (
    Fault(
        "facts of others are shown",
        "bot/db/repositories/memories.py",
        "    own = Memory.user_id == (scope.user_id if scope.user_id is not None else -1)",
        "    own = Memory.user_id >= 0",
        MEMORY,
    ),
    Fault(
        "sensitive facts enter groups",
        "bot/db/repositories/memories.py",
        '    return and_(own, here, Memory.scope != "private", Memory.sensitive.is_(False))',
        "    return and_(own, here)",
        GROUPS,
    ),
    Fault(
        "a quote is not checked",
        "bot/memory/gates.py",
        '        if f" {words} " in f" {normal(message.text)} ":',
        "        if message.text:",
        MEMORY,
    ),
    Fault(
        "clear archives nothing",
        "bot/services/conversations.py",
        "            if old is not None:",
        "            if old is None:",
        MEMORY,
    ),
    Fault(
        "a finished step is paid again",
        "bot/turns/loop.py",
        "        if key in done:",
        "        if False:",
        LIVELY,
    ),
    Fault(
        "usage is not written",
        "bot/turns/loop.py",
        "            if turns.step(session, turn_id, key) is None:",
        "            if False:",
        LIVELY,
    ),
    Fault(
        "a saving call is followed by another",
        "bot/turns/loop.py",
        "            if self._may_end(completion, calls, results):",
        "            if False:",
        MEMORY,
    ),
    Fault(
        "answers of a conversation overlap",
        "bot/turns/receive.py",
        '        lane=f"turn:{conversation_no}",',
        '        lane=f"turn:{turn_id}",',
        GROUPS,
    ),
    Fault(
        "an earlier job of the lane is ignored",
        "bot/db/repositories/jobs.py",
        "        .where(Job.pool == pool, Job.due_at <= now, Job.status.in_(UNFINISHED), free, ~blocked)",
        "        .where(Job.pool == pool, Job.due_at <= now, Job.status.in_(UNFINISHED), free)",
        ("tests/jobs",),
    ),
    Fault(
        "the dedup key is not kept",
        "bot/telegram/intake.py",
        "        dedup_key=",
        "        dedup_key=None and ",
        ("tests/telegram",),
    ),
    Fault(
        "a read-then-write can lose an update",
        "bot/db/sqlite.py",
        '        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")',
        '        connection.exec_driver_sql("COMMIT" if writer and connection.in_transaction() is None else "BEGIN")',
        ("tests/db",),
    ),
    Fault(
        "a failed unit is committed",
        "bot/db/sqlite.py",
        "            with session.begin_nested():",
        "            if True:",
        ("tests/db",),
    ),
    Fault(
        "stop does not reach the running answer",
        "bot/turns/desk.py",
        "            self._halts.halt(turn_id)",
        "            pass",
        LIVELY,
    ),
    Fault(
        "the current message stands in the history too",
        "bot/db/repositories/turn_view.py",
        "    history = _history(session, conversation, limits.history, {*ids, *waiting})",
        "    history = _history(session, conversation, limits.history, set())",
        ("tests/db", *GROUPS),
    ),
)
