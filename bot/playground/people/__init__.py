"""What people do in the playground, with objects for tests and scripts."""

from bot.playground.people.handles import ChatHandle, PersonHandle
from bot.playground.people.messages import MessageHandle, Press
from bot.playground.people.playground import Playground

__all__ = ["ChatHandle", "MessageHandle", "PersonHandle", "Playground", "Press"]
