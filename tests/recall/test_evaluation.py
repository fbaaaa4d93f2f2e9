"""mnema eval recall: files with known answers are read, stored, asked, and told as figures."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app.evalsets import locomo, longmemeval
from bot.app.evaluating import evaluate
from bot.cli import eval as command
from bot.core.errors import ConfigError
from bot.settings import load_settings

PEOPLE = [
    {
        "conversation": {
            "speaker_a": "Olha", "speaker_b": "Petro",
            "session_1_date_time": "9:15 am on 4 March, 2024",
            "session_1": [
                {"speaker": "Olha", "dia_id": "D1:1", "text": "The roof leaks since the storm."},
                {"speaker": "Petro", "dia_id": "D1:2", "text": "Our plum tree fell over as well."},
                {"speaker": "Olha", "dia_id": "D1:3", "text": "Look!", "blip_caption": "a bucket, attic"},
            ],
            "session_2_date_time": "8:00 pm on 20 March, 2024",
            "session_2": [{"speaker": "Petro", "dia_id": "D2:1", "text": "I planted a new plum tree."}],
        },
        "qa": [
            {"question": "What leaks?", "answer": "x", "evidence": ["D1:1"], "category": 4},
            {"question": "What happened to the plum trees?", "evidence": ["D1:2", "D2:1"], "category": 1},
            {"question": "What stood in the attic?", "evidence": ["D1:3"], "category": 2},
            {"question": "No such message?", "evidence": ["D9:9"], "category": 4},
        ],
    }
]  # fmt: skip

ASSISTANT = [
    {
        "question_id": "q", "question_type": "single", "question": "Which tea do I drink at night?",
        "question_date": "2024/05/02 (Thu) 10:00", "answer_session_ids": ["s2"],
        "haystack_dates": ["2024/04/20 (Sat) 09:00", "2024/04/12 (Fri) 18:30"],
        "haystack_session_ids": ["s2", "s1"],
        "haystack_sessions": [
            [{"role": "user", "content": "At night I drink linden tea.", "has_answer": True},
             {"role": "assistant", "content": "That sounds calming."}],
            [{"role": "user", "content": "How do I fix a bicycle chain?"},
             {"role": "assistant", "content": "Use a chain tool."}],
        ],
    }
]  # fmt: skip


def written(path: Path, data: Any, *, packed: bool = False) -> Path:
    raw = json.dumps(data).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


async def test_a_conversation_of_two_is_measured(tmp_path: Path) -> None:
    talks = locomo(written(tmp_path / "l.json", PEOPLE))
    report = await evaluate(talks, load_settings(env_file=None, data_dir=tmp_path))
    assert report["questions"] == 3  # one names no message
    assert list(report["recall"]) == ["5", "10", "20", "50"]
    assert list(report["coverage"]) == ["500", "1000", "2000", "4000"]
    assert set(report["by_category"]) == {"single-hop", "multi-hop", "temporal"}
    assert report["recall"]["5"] == report["coverage"]["500"] == 1.0
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"]
    assert "sessions" not in report


async def test_a_history_with_an_assistant_is_measured_by_sessions_too(tmp_path: Path) -> None:
    talks = longmemeval(written(tmp_path / "m.json.gz", ASSISTANT, packed=True))
    assert [session.key for session in talks[0].sessions] == ["s1", "s2"]  # by their dates
    report = await evaluate(talks, load_settings(env_file=None, data_dir=tmp_path))
    assert report["sessions"] == {"any@5": 1.0, "all@5": 1.0}
    assert report["recall"]["5"] == 1.0


@pytest.mark.parametrize("content", ["[]", "{", '[{"other": 1}]', '{"a": 1}'])
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"x\.json"):
        locomo(path)


def test_the_command_prints_the_json_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "quietly", lambda: load_settings(env_file=None, data_dir=tmp_path / "data"))
    file = str(written(tmp_path / "l.json", PEOPLE))
    runner = CliRunner()
    done = runner.invoke(command.app, ["recall", "--locomo", file, "--json"])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)) == {"questions", "recall", "coverage", "by_category", "latency_ms"}
    assert [path.name for path in tmp_path.rglob("*") if path.suffix == ".db"] == []
    table = runner.invoke(command.app, ["recall", "--locomo", file], env={"COLUMNS": "120"})
    assert "multi-hop" in table.stdout
    assert runner.invoke(command.app, ["recall"]).exit_code == 2
