"""The settings: read from the environment and `.env`, checked, frozen."""

from bot.settings.load import load_settings, settings_warnings
from bot.settings.model import Settings
from bot.settings.values import Price

__all__ = ["Price", "Settings", "load_settings", "settings_warnings"]
