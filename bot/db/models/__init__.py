"""The typed tables of the house, by theme."""

from bot.db.models.base import Base, UtcDateTime
from bot.db.models.flow import Delivery, Job, Trace, Turn, TurnMessage, TurnStep, UsageRow
from bot.db.models.memory import Memory, MemorySource
from bot.db.models.people import Chat, ChatMember, Meta, Profile, User
from bot.db.models.talk import (
    Attachment,
    Conversation,
    Message,
    MessageRef,
    MessageVersion,
    Summary,
)

__all__ = [
    "Attachment",
    "Base",
    "Chat",
    "ChatMember",
    "Conversation",
    "Delivery",
    "Job",
    "Memory",
    "MemorySource",
    "Message",
    "MessageRef",
    "MessageVersion",
    "Meta",
    "Profile",
    "Summary",
    "Trace",
    "Turn",
    "TurnMessage",
    "TurnStep",
    "UsageRow",
    "User",
    "UtcDateTime",
]
