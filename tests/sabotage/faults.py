"""One-line breakages of the product, each with the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` of `file` becomes `broken`; at least one of `tests` (pytest's arguments) must fail then."""

    name: str
    file: str
    line: str
    broken: str
    tests: tuple[str, ...]


def _flow(name: str) -> tuple[str, ...]:
    return (f"tests/flow/{name}", "-k", "not postgres")


FAULTS = (
    Fault(
        "facts of others are shown",
        "bot/db/repositories/memories.py",
        "    own = Memory.user_id == (scope.user_id if scope.user_id is not None else -1)",
        "    own = Memory.user_id >= 0",
        ("tests/db/test_turn_view.py", "-k", "sqlite"),
    ),
    Fault(
        "sensitive facts enter groups",
        "bot/db/repositories/memories.py",
        '    return and_(own, here, Memory.scope != "private", Memory.sensitive.is_(False))',
        "    return and_(own, here)",
        _flow("test_groups.py::test_what_was_said_in_private_as_health_stays_out_of_the_group"),
    ),
    Fault(
        "a quote is not checked",
        "bot/memory/gates.py",
        "        if holds(normal(message.text), words):",
        "        if message.text:",
        ("tests/memory/test_gates.py",),
    ),
    Fault(
        "forwarded words are remembered",
        "bot/memory/gates.py",
        "    if any(message.forwarded_from is not None for message in messages):",
        "    if False:",
        ("tests/tools/test_registry.py::test_forwarded_words_write_no_memory", "-k", "sqlite"),
    ),
    Fault(
        "clear archives nothing",
        "bot/services/conversations.py",
        "                talk.archive(session, old, now, cleared=cleared and not hidden)",
        "                pass",
        ("tests/services/test_conversations.py", "-k", "sqlite"),
    ),
    Fault(
        "a layer is dropped: facts",
        "bot/db/repositories/turn_view.py",
        "        facts=tuple(memories.valid_facts(session, scope, limits.now)),",
        "        facts=(),",
        _flow("test_memory.py::test_a_fact_outlives_clear_and_stands_in_the_next_prompt_once"),
    ),
    Fault(
        "the current message stands in the history too",
        "bot/db/repositories/turn_messages.py",
        '        .where(Message.id.not_in(own), or_(bindparam("turn") == 0, Message.id.not_in(waiting)))',
        '        .where(or_(bindparam("turn") == 0, Message.id.not_in(waiting)))',
        ("tests/db/test_turn_view.py", "-k", "sqlite"),
    ),
    Fault(
        "a finished step is paid again",
        "bot/turns/loop.py",
        "        if key in done:",
        "        if False:",
        _flow("test_liveliness.py::test_a_restart_in_the_middle_of_a_turn_pays_no_step_twice"),
    ),
    Fault(
        "a saving call is followed by another",
        "bot/turns/loop.py",
        "            if self._may_end(completion, calls, results):",
        "            if False:",
        _flow("test_memory.py::test_rows_with_source_and_quote_stand_before_the_notice_is_sent"),
    ),
    Fault(
        "answers of a conversation overlap",
        "bot/turns/receive.py",
        '        lane=f"turn:{turn.conversation_no}",',
        '        lane=f"turn:{turn.id}",',
        _flow("test_groups.py::test_a_second_question_while_the_first_streams_is_answered_after_it"),
    ),
    Fault(
        "an earlier job of the lane is ignored",
        "bot/db/repositories/jobs.py",
        "free, ~blocked)",
        "free)",
        ("tests/jobs/test_queue.py", "-k", "sqlite"),
    ),
    Fault(
        "updates are acknowledged before the commit",
        "bot/telegram/poller.py",
        "                    await self._accept(updates)",
        "                    pass",
        ("tests/telegram/test_poller.py",),
    ),
    Fault(
        "a failed unit is committed",
        "bot/db/sqlite.py",
        "                session.rollback()",
        "                pass",
        ("tests/db/test_engine.py", "-k", "sqlite"),
    ),
    Fault(
        "a unit that fails in a group is committed with it",
        "bot/db/sqlite.py",
        "nullcontext() if alone else session.begin_nested()",
        "nullcontext()",
        ("tests/db/test_engine.py", "-k", "sqlite"),
    ),
    Fault(
        "stop does not reach the running answer",
        "bot/turns/desk.py",
        "            self._halts.halt(turn_id)",
        "            pass",
        _flow("test_liveliness.py::test_help_and_buttons_answer_within_a_second_and_others_are_recorded"),
    ),
    Fault(
        "the id of the first words is not stored",
        "bot/turns/desk.py",
        "            turns.note_visible(session, key, chat.external_id, external_ids, now, done=done)",
        "            pass",
        ("tests/kill/test_kill.py", "-k", "edit"),
    ),
    Fault(
        "buttons obey strangers",
        "bot/telegram/handlers/callbacks.py",
        "    if press.owner not in (ANYONE, int(person.external_id)):",
        "    if False:",
        ("tests/telegram/test_buttons.py",),
    ),
    Fault(
        "the ceiling is not kept",
        "bot/context/compose.py",
        "        if total <= ceiling:\n"
        "            return _composed(layers, demand, plan, prompt, total)\n        if attempt",
        "        if True:\n"
        "            return _composed(layers, demand, plan, prompt, total)\n        if attempt",
        ("tests/context/test_ceiling.py::test_room_is_kept_free_or_refused",),
    ),
    Fault(
        "the spend limit forgets the ledger",
        "bot/services/spend.py",
        "        stored = await self._db.read(lambda s: ledger.spent_since(s, midnight))",
        "        stored = 0.0",
        ("tests/first_run/test_spend.py",),
    ),
)
