"""The system prompt: a file of prompts/, and its variables filled in one pass."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.context.dates import weekday
from bot.context.inert import CUT, line, name, set_apart
from bot.core.cut import cut_middle
from bot.core.errors import ConfigError
from bot.core.ports import TokenCounter
from bot.core.resources import prompts_dir
from bot.core.views import BotIdentity, Persona, TurnView

log = logging.getLogger(__name__)

PROMPT_SHARE = 4
"""A prompt file may take one part in this many of the whole ceiling."""

BLOCKS = ("tools", "user_pronouns", "user_memories")
"""Variables that stand where the prompt has them and are appended where it has not."""

_NAMES = (
    "chatname", "chatid", "chattype", "username", "userfullname", "userid", "timestamp", "date", "time",
    "botname", "botusername", "membercount", "model", *BLOCKS,
)  # fmt: skip
_VARIABLE = re.compile(r"\{(" + "|".join(_NAMES) + r")\}")
_PRIVATE_CHAT = {"en": "Private chat", "uk": "Приватний чат", "ru": "Личный чат"}


class PromptLibrary:
    """The chosen system prompt, and the other files that a chat may choose as its persona.

    All are read once, so that a broken system prompt stops the start and not a turn; of the others a broken
    one is left out.
    """

    def __init__(self, file_name: str, folder: Path | None = None) -> None:
        """Read `file_name`, a bare name inside `folder` (the shipped prompts). Raises ConfigError."""
        self.file_name = file_name
        self.text = _read(file_name, folder)
        self.files: Mapping[str, str] = {file_name: self.text, **_others(file_name, folder)}
        self._too_large: frozenset[str] = frozenset()

    def of(self, persona: Persona | None) -> str:
        """The prompt file of a persona; the system prompt where that is gone or has grown too large."""
        if persona is None or persona.file is None or persona.file in self._too_large:
            return self.text
        return self.files.get(persona.file, self.text)

    def measure(self, most: int, tokens: TokenCounter) -> int:
        """Tokens of the system prompt; personas of more than `most` are not used from now on."""
        sizes = {name: tokens.count(text) for name, text in self.files.items()}
        self._too_large = frozenset(name for name, size in sizes.items() if size > most) - {self.file_name}
        return sizes[self.file_name]


def check_prompt(prompts: PromptLibrary, context_max_tokens: int, tokens: TokenCounter) -> None:
    """Refuse a prompt file over its share of the context. Raises ConfigError."""
    most = context_max_tokens // PROMPT_SHARE
    size = prompts.measure(most, tokens)
    if size > most:
        raise ConfigError(
            f"SYSTEM_PROMPT_FILE {prompts.file_name} has {size} tokens, but only a quarter of "
            f"CONTEXT_MAX_TOKENS ({most}) may go to it: shorten the file or raise CONTEXT_MAX_TOKENS."
        )


def admin_words(persona: Persona | None, prompt: str, most: int, tokens: TokenCounter) -> str:
    """What a chat's admin wishes, each line set apart; no more than `most` tokens leave beside the prompt."""
    if persona is None or not persona.words:
        return ""
    return cut_middle(set_apart(persona.words.strip()), most - tokens.count(prompt), tokens, CUT)


def placed_blocks(prompt: str) -> frozenset[str]:
    """Which of `BLOCKS` the prompt has a place for."""
    return frozenset(BLOCKS) & {found[1] for found in _VARIABLE.finditer(prompt)}


def variables(view: TurnView, identity: BotIdentity, model: str, now: datetime) -> dict[str, str]:
    """All variables but the blocks, empty where unknown; `now` stands in the asker's zone."""
    chat, asker = view.chat, view.asker
    return {
        "chatname": name(chat.title) if chat.title else _unnamed(view),
        "chatid": line(chat.external_id, 64),
        "chattype": chat.type,
        "username": f"@{name(asker.username)}" if asker.username else "",
        "userfullname": name(asker.full_name),
        "userid": line(asker.external_id, 64),
        "timestamp": now.isoformat(timespec="seconds"),
        "date": f"{now:%Y-%m-%d} ({weekday(now)})",
        "time": f"{now:%H:%M}",
        "botname": name(identity.name),
        "botusername": f"@{name(identity.username)}" if identity.username else "",
        "membercount": "2" if chat.private else str(view.member_count or ""),
        "model": line(model, 100),
    }


def substitute(prompt: str, values: Mapping[str, str]) -> str:
    """Fill known variables in one pass: values are inert, and anything else in braces stays as it is.

    A block enters only at its first place, so that a prompt that names it twice pays once.
    """
    used: set[str] = set()

    def value(found: re.Match[str]) -> str:
        variable = found[1]
        if variable in BLOCKS and variable in used:
            return ""
        used.add(variable)
        return values.get(variable, "")

    return _VARIABLE.sub(value, prompt)


def _unnamed(view: TurnView) -> str:
    return _PRIVATE_CHAT.get(view.language[:2].lower(), _PRIVATE_CHAT["en"]) if view.chat.private else ""


def _others(file_name: str, folder: Path | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((folder or prompts_dir()).glob("*.md")):
        if path.name == file_name:
            continue
        try:
            found[path.name] = _read(path.name, folder)
        except ConfigError:
            log.warning("prompts/%s is no persona: it is empty or no readable text in UTF-8", path.name)
    return found


def _read(file_name: str, folder: Path | None) -> str:
    if not file_name or Path(file_name).name != file_name:
        raise ConfigError("SYSTEM_PROMPT_FILE must be a bare file name inside prompts/, without a path.")
    try:
        text = ((folder or prompts_dir()) / file_name).read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"SYSTEM_PROMPT_FILE {file_name} is not there: put it into prompts/.") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"SYSTEM_PROMPT_FILE {file_name} cannot be read: it must be a readable text file in UTF-8."
        ) from None
    if not text.strip():
        raise ConfigError(f"SYSTEM_PROMPT_FILE {file_name} is empty.")
    return text.strip()
