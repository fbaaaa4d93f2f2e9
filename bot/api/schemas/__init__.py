"""The shapes that go over the wire."""

from bot.api.schemas.common import PROBLEMS, MessageId, Page, ProblemBody, UserId, UtcTime, message_number

__all__ = ["PROBLEMS", "MessageId", "Page", "ProblemBody", "UserId", "UtcTime", "message_number"]
