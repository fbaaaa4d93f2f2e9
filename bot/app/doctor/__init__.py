"""The doctor: looks at everything that the bot needs and says what to do about what is missing."""

from bot.app.doctor.check import Check
from bot.app.doctor.examine import examine

__all__ = ["Check", "examine"]
