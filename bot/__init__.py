"""Mnema: a Telegram chat bot that remembers."""

__version__ = "0.1.0"
