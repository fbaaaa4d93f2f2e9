"""The Bot API methods that the emulator knows; importing this package registers them."""

from bot.playground.emulator.methods import chats, editing, passing, profile, sending, updates

__all__ = ["chats", "editing", "passing", "profile", "sending", "updates"]
