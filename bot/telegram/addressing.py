"""Is this message meant for the bot, and is it a command?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aiogram.types import Message

from bot.core.messages import Address
from bot.core.views import BotIdentity

_COMMAND = re.compile(
    r"/(?P<name>[a-z0-9_]{1,32})(?:@(?P<bot>\w+))?(?:\s+|$)(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command to this bot: its name in lower case and what stands behind it."""

    name: str
    rest: str


def _whole_words(names: set[str]) -> re.Pattern[str]:
    if not names:
        return re.compile("(?!)")
    # Lookarounds, not \\b: a name may begin or end with a sign that is no letter.
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


class Addressing:
    """Knows by what the bot is called: its account, its names, and its commands."""

    def __init__(self, identity: BotIdentity, names: Iterable[str], commands: Collection[str]) -> None:
        self.bot_id = int(identity.external_id)
        self._username = identity.username.casefold()
        self._commands = frozenset(commands)
        self._names = _whole_words({name.strip() for name in (*names, identity.name)} - {""})

    def command(self, message: Message) -> Command | None:
        """The command that opens the message.

        With another bot's name it is not ours; in groups one without a name is ours only if we know it.
        """
        found = _COMMAND.fullmatch(message.text or "")
        if found is None:
            return None
        name, bot = found["name"].lower(), (found["bot"] or "").casefold()
        ours = bot == self._username if bot else message.chat.type == "private" or name in self._commands
        return Command(name, found["rest"].strip()) if ours else None

    def reason(self, message: Message, command: Command | None) -> Address | None:
        """Why the bot is meant, None when it only listens."""
        if message.is_automatic_forward:
            # A post of the linked channel: it was not written to this group, and is read, not answered.
            return None
        if command is not None:
            return "command"
        if message.chat.type == "private":
            return "private"
        if self._mentioned(message):
            return "mention"
        if self._replied_to(message):
            return "reply"
        text = message.text or message.caption or ""
        return "name" if not text.startswith("/") and self._names.search(text) else None

    def _mentioned(self, message: Message) -> bool:
        text = message.text or message.caption or ""
        for entity in message.entities or message.caption_entities or ():
            if entity.type == "mention" and entity.extract_from(text).casefold() == f"@{self._username}":
                return True
            if entity.type == "text_mention" and entity.user is not None and entity.user.id == self.bot_id:
                return True
        return False

    def _replied_to(self, message: Message) -> bool:
        replied = message.reply_to_message
        if replied is None or replied.forum_topic_created or replied.from_user is None:
            return False
        return replied.from_user.id == self.bot_id
