from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import settings_warnings


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("LLM_MODLE", "LLM_MODEL"),
        ("BOT_TOKN", "BOT_TOKEN"),
        ("CONTEXT_MAX_TOKEN", "CONTEXT_MAX_TOKENS"),
        ("LLM_TIMEOUT", "LLM_TIMEOUT_SECONDS"),
        ("embeding_model", "EMBEDDING_MODEL"),
    ],
)
def test_a_near_miss_is_told(written: str, meant: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{written}=secret-value\n")
    for warnings in (settings_warnings(file, {}), settings_warnings(None, {written: "secret-value"})):
        assert len(warnings) == 1 or written == "embeding_model"
        for warning in warnings:
            assert warning.startswith(written)
            assert warning.endswith(f"did you mean {meant}?")
            assert "secret-value" not in warning


def test_usual_names_of_other_bots_are_explained_only_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TELEGRAM_BOT_TOKEN=1:a\nOPENAI_API_KEY=k\nLLM_API_KEY=k\n")
    assert settings_warnings(file, {}) == [
        f"TELEGRAM_BOT_TOKEN in {file} is not a setting and has no effect; did you mean BOT_TOKEN?"
    ]
    assert settings_warnings(None, {"OPENAI_API_KEY": "k"}) == []


def test_foreign_names_are_left_alone(tmp_path: Path) -> None:
    foreign = (
        "PATH HOME HTTP_PROXY LANG POSTGRES_PASSWORD USER USERNAME CACHE_DIR DELETE_ME DATA_DISK TZ API_KEY"
    )
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}=x\n" for name in foreign.split()) + "LLM_MODEL=m\nbot_names=x\n")
    assert settings_warnings(file, dict.fromkeys(foreign.split(), "x")) == []


def test_no_file_no_warning(tmp_path: Path) -> None:
    assert settings_warnings(tmp_path / "absent", {}) == []
