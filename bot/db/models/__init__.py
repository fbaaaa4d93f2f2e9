"""The typed tables of the house, by theme."""

from bot.db.models.base import Base, UtcDateTime
from bot.db.models.dialogue import Booking, DialogueState
from bot.db.models.flow import Delivery, Job, Trace, Turn, TurnMessage, TurnStep, UsageDay, UsageRow
from bot.db.models.memory import Chunk, Document, ExtractionMark, Memory, MemorySource, Vector
from bot.db.models.outside import ApiKey, AuditRow, Erasure, IdempotentAnswer, Import
from bot.db.models.people import Chat, ChatMember, Meta, Profile, User
from bot.db.models.search import SearchItem
from bot.db.models.talk import Attachment, Conversation, Message, MessageRef, MessageVersion, Summary

__all__ = [
    "ApiKey",
    "Attachment",
    "AuditRow",
    "Base",
    "Booking",
    "Chat",
    "ChatMember",
    "Chunk",
    "Conversation",
    "Delivery",
    "DialogueState",
    "Document",
    "Erasure",
    "ExtractionMark",
    "IdempotentAnswer",
    "Import",
    "Job",
    "Memory",
    "MemorySource",
    "Message",
    "MessageRef",
    "MessageVersion",
    "Meta",
    "Profile",
    "SearchItem",
    "Summary",
    "Trace",
    "Turn",
    "TurnMessage",
    "TurnStep",
    "UsageDay",
    "UsageRow",
    "User",
    "UtcDateTime",
    "Vector",
]
