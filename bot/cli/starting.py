"""What every command does first: settings, warnings, logging."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import typer
from dotenv.parser import parse_stream
from pydantic import SecretStr
from sqlalchemy import make_url

from bot.app.logs import configure_logging
from bot.core.errors import ConfigError
from bot.settings import Settings, load_settings, settings_warnings

ENV_FILE = Path(".env")


def start(level: int = logging.INFO, **overrides: Any) -> Settings:
    """Read the settings, tell of likely misspellings, and set up logging without secrets.

    Raises ConfigError.
    """
    check_env_file(ENV_FILE)
    settings = load_settings(ENV_FILE, **overrides)
    for warning in settings_warnings(ENV_FILE):
        typer.echo(f"Warning: {warning}", err=True)
    configure_logging(secrets_of(settings), level)
    return settings


def check_env_file(path: Path) -> None:
    """Raises ConfigError for the first line that is no assignment: it would be left out in silence."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            bindings = list(parse_stream(file))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read: it must be a readable text file in UTF-8.") from None
    for binding in bindings:
        bare = binding.value is None and (binding.key or "").lower() in Settings.model_fields
        if binding.error or bare:
            text = binding.original.string
            line = binding.original.line + len(text[: len(text) - len(text.lstrip())].splitlines())
            raise ConfigError(
                f"Line {line} of {path} cannot be understood: write NAME=value there, "
                "with the value in quotes when it has spaces."
            )


def secrets_of(settings: Settings) -> list[str]:
    """All secret values, so that no log line shows one."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    urls = (settings.database_url, settings.llm_base_url, settings.embedding_base_url, settings.webhook_url)
    passwords = (make_url(url).password for url in urls if url)
    return [*secrets, *(str(password) for password in passwords if password)]
