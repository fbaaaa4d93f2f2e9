from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.core.errors import ConfigError
from bot.settings import Price, Settings, load_settings

SECRET = "k3y-that-nobody-may-see-" + "x" * 16

RANGES: list[tuple[str, float, float, float]] = [
    ("LLM_MAX_RESPONSE_TOKENS", 2048, 256, 16384),
    ("LLM_TIMEOUT_SECONDS", 120, 5, 1800),
    ("CONTEXT_MAX_TOKENS", 8000, 2000, 128000),
    ("IMMEDIATE_CONTEXT_MESSAGES", 100, 10, 500),
    ("RECENT_SUMMARY_TOKENS", 1024, 128, 8192),
    ("RECENT_SUMMARY_INTERVAL_DAYS", 3, 1, 7),
    ("LONG_SUMMARY_TOKENS", 4096, 256, 16384),
    ("LONG_SUMMARY_INTERVAL_DAYS", 14, 1, 30),
    ("USER_MEMORY_MAX_FACTS", 50, 10, 100),
    ("CONVERSATION_WINDOW_MESSAGES", 10, 10, 20),
    ("IMPORTANCE_THRESHOLD", 0.7, 0, 1),
    ("HTTP_PORT", 8000, 1, 65535),
]

DEFAULTS = {
    "bot_token": None,
    "access": "owner",
    "llm_model": None,
    "llm_vision_enabled": True,
    "context_strategy": "layered",
    "system_prompt_file": "default.md",
    "conversation_summary_after": 20,
    "conversation_max_messages": 1000,
    "max_active_conversations": 10,
    "important_messages_limit": 15,
    "message_retention_days": 365,
    "retention_action": "archive",
    "delete_grace_days": 30,
    "stream_mode": "edit",
    "daily_spend_limit": None,
    "trace_retention_days": 14,
    "backup_retention_days": 14,
    "cache_ttl_seconds": 3600,
    "data_dir": Path("data"),
    "database_url": "sqlite:///data/mnema.db",
    "default_language": "en",
    "default_timezone": "UTC",
    "http_host": "127.0.0.1",
    "api_auth": "on",
    "dashboard_port": None,
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_default(name: str, value: object) -> None:
    assert getattr(load_settings(None), name) == value


@pytest.mark.parametrize(("name", "default", "low", "high"), RANGES)
def test_range(name: str, default: float, low: float, high: float, monkeypatch: pytest.MonkeyPatch) -> None:
    assert getattr(load_settings(None), name.lower()) == default
    for good in (low, high):
        monkeypatch.setenv(name, str(good))
        assert getattr(load_settings(None), name.lower()) == good
    for bad in (str(low - 1), str(high + 1), "7f7f7f"):
        monkeypatch.setenv(name, bad)
        with pytest.raises(ConfigError) as caught:
            load_settings(None)
        kind = "number" if name == "IMPORTANCE_THRESHOLD" else "whole number"
        assert str(caught.value) == f"{name} must be a {kind} between {low} and {high}."


def test_every_setting_says_what_it_is_for() -> None:
    fields = Settings.model_fields
    assert [name for name, field in fields.items() if not (field.description or "").endswith(".")] == []


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "\ufeffHTTP_PORT=9001\nDEFAULT_LANGUAGE=uk\nSOMEBODY_ELSES=1\nLLM_API_KEY=\n", encoding="utf-8"
    )
    monkeypatch.setenv("DEFAULT_LANGUAGE", "ru")
    settings = load_settings(file)
    assert (settings.http_port, settings.default_language, settings.llm_api_key) == (9001, "ru", None)
    assert load_settings(file, HTTP_PORT=9002).http_port == 9002


def test_the_file_is_looked_for_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("HTTP_PORT=9003\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings().http_port == 9003


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("LLM_MODEL=модель".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load_settings(file)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings(None).http_port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mnema, bot ,,", ("Mnema", "bot")),
        ('["Mnema", "бот"]', ("Mnema", "бот")),
        ("", ()),
    ],
)
def test_lists(value: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_NAMES", value)
    assert load_settings(None).bot_names == expected


def test_prices_and_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PRICES", "gpt-4o-mini=0.15/0.6/0.075, meta/llama=0/0")
    monkeypatch.setenv("ALLOWED_USERS", "17, 42")
    settings = load_settings(None)
    assert settings.llm_prices == {"gpt-4o-mini": Price(0.15, 0.6, 0.075), "meta/llama": Price(0, 0)}
    assert settings.allowed_users == (17, 42)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sqlite:///x/y.db", "sqlite:///x/y.db"),
        ("sqlite+aiosqlite:////var/y.db", "sqlite:////var/y.db"),
        ("postgres://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_database_urls(given: str, kept: str) -> None:
    assert load_settings(None, database_url=given).database_url == kept


def test_derived_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_API_KEY", SECRET)
    monkeypatch.setenv("DATA_DIR", "/srv/mnema")
    settings = load_settings(None)
    assert (settings.llm_model, settings.database_url) == ("gpt-4o-mini", "sqlite:////srv/mnema/mnema.db")
    assert load_settings(None, llm_model="mine").llm_model == "mine"


FAULTS = [
    ({"ACCESS": "everyone"}, "ACCESS must be one of owner, allowlist, open."),
    ({"LLM_VISION_ENABLED": "perhaps"}, "LLM_VISION_ENABLED must be true or false."),
    ({"OWNER_ID": "-5"}, "OWNER_ID must be a whole number greater than 0."),
    ({"ALLOWED_USERS": "@ann"}, "ALLOWED_USERS must be a comma-separated list of numeric Telegram ids."),
    ({"BOT_TOKEN": "hello"}, "BOT_TOKEN must be the token that @BotFather gave, like 123456789:AbC…."),
    ({"SYSTEM_PROMPT_FILE": "../secret.md"}, "SYSTEM_PROMPT_FILE must be a bare file name"),
    ({"SYSTEM_PROMPT_FILE": "a\\b.md"}, "SYSTEM_PROMPT_FILE must be a bare file name"),
    ({"DEFAULT_TIMEZONE": "../../etc/passwd"}, "DEFAULT_TIMEZONE must be a time zone name"),
    ({"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL must start with sqlite:/// or postgresql://."),
    ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL must name a file"),
    ({"LLM_BASE_URL": "localhost:11434"}, "LLM_BASE_URL must be a URL that starts with http:// or https://."),
    ({"LLM_API_KEY": "ключ"}, "LLM_API_KEY must consist of Latin letters"),
    ({"LLM_PRICES": "gpt=cheap"}, "LLM_PRICES must be a comma-separated list of model=input/output"),
    ({"LLM_PRICES": "gpt=nan/1"}, "LLM_PRICES must be a comma-separated list of model=input/output"),
    ({"BOT_NAMES": '["a'}, "BOT_NAMES must be a comma-separated list or a JSON list."),
    ({"JWT_SECRET": "short"}, "JWT_SECRET must have at least 32 characters."),
    ({"DAILY_SPEND_LIMIT": "inf"}, "DAILY_SPEND_LIMIT must be a number between 0 and 100000."),
    ({"DAILY_SPEND_LIMIT": "1", "LLM_MODEL": "m"}, "DAILY_SPEND_LIMIT needs LLM_PRICES"),
    ({"BOT_TOKEN": "1:a"}, "BOT_TOKEN is set but no language model is"),
    ({"WEBHOOK_URL": "https://x.example/hook"}, "WEBHOOK_URL needs WEBHOOK_SECRET"),
    ({"WEBHOOK_URL": "http://x.example", "WEBHOOK_SECRET": "a"}, "WEBHOOK_URL must start with https://"),
    ({"WEBHOOK_URL": "https://x.example", "WEBHOOK_SECRET": "a b"}, "WEBHOOK_SECRET must be 1 to 256"),
    ({"API_AUTH": "off", "HTTP_HOST": "0.0.0.0"}, "API_AUTH=off is possible only"),
    ({"API_AUTH": "off", "CORS_ORIGINS": "*"}, "CORS_ORIGINS=* does not go with API_AUTH=off"),
    ({"DASHBOARD_PORT": "8000"}, "DASHBOARD_PORT must differ from HTTP_PORT"),
]


@pytest.mark.parametrize(("environment", "start"), FAULTS)
def test_a_fault_is_one_line_without_the_value(
    environment: dict[str, str], start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings(None)
    assert str(caught.value).startswith(start)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_each_of_several_faults_gets_its_line_and_consequences_get_none() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, http_port="x", access="y", llm_base_url="z")
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        "ACCESS",
        "LLM_BASE_URL",
        "HTTP_PORT",
    ]


def test_secrets_show_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "LLM_API_KEY",
        "EMBEDDING_API_KEY",
        "SECRET_KEY",
        "ADMIN_PASSWORD",
        "JWT_SECRET",
        "WEBHOOK_SECRET",
    )
    for name in names:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("BOT_TOKEN", f"1:{SECRET}")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{SECRET}@h/d")
    settings = load_settings(None)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    monkeypatch.setenv("HTTP_PORT", SECRET)
    with pytest.raises(ConfigError) as caught:
        load_settings(None)
    assert SECRET not in str(caught.value)


def test_an_unknown_override_is_a_mistake_in_the_code() -> None:
    with pytest.raises(TypeError, match="http_prot"):
        load_settings(None, http_prot=1)
