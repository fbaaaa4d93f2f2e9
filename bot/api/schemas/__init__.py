"""The shapes that go over the wire."""

from bot.api.schemas.common import MessageId, Page, ProblemBody, UserId, UtcTime, message_number
from bot.api.schemas.problems import MODEL_PROBLEMS, PROBLEMS

__all__ = [
    "MODEL_PROBLEMS",
    "PROBLEMS",
    "MessageId",
    "Page",
    "ProblemBody",
    "UserId",
    "UtcTime",
    "message_number",
]
