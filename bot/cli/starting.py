"""What every command does first: settings, warnings, logging."""

from __future__ import annotations

import logging
from typing import Any

import typer
from pydantic import SecretStr

from bot.app.logs import configure_logging
from bot.settings import Settings, load_settings, settings_warnings


def start(level: int = logging.INFO, **overrides: Any) -> Settings:
    """Read the settings, tell of likely misspellings, and set up logging without secrets.

    Raises ConfigError.
    """
    settings = load_settings(**overrides)
    for warning in settings_warnings():
        typer.echo(f"Warning: {warning}", err=True)
    configure_logging(secrets_of(settings), level)
    return settings


def secrets_of(settings: Settings) -> list[str]:
    """All secret values, so that no log line shows one."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
