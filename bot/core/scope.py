"""Who asks, and where: the argument without which no personal data is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """The asker (`users.id`), the chat (`chats.id`) and whether only the asker reads along.

    An empty scope (`user_id` None) sees nothing personal.
    """

    user_id: int | None
    chat_id: int | None
    private: bool
