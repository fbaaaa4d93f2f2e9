"""Tests of the Telegram face, over the emulated Bot API."""
