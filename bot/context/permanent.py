"""The system prompt: a file of prompts/, and its variables filled in one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.context.inert import line, name
from bot.core.errors import ConfigError
from bot.core.ports import TokenCounter
from bot.core.resources import prompts_dir
from bot.core.views import BotIdentity, TurnView

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
    """The chosen system prompt. It is read once, so that a broken file stops the start and not a turn."""

    def __init__(self, file_name: str, folder: Path | None = None) -> None:
        """Read `file_name`, a bare name inside `folder` (the shipped prompts). Raises ConfigError."""
        self.file_name = file_name
        self.text = _read(file_name, folder)


def check_prompt(prompts: PromptLibrary, context_max_tokens: int, tokens: TokenCounter) -> None:
    """Refuse a prompt file over its share of the context. Raises ConfigError."""
    size, most = tokens.count(prompts.text), context_max_tokens // PROMPT_SHARE
    if size > most:
        raise ConfigError(
            f"SYSTEM_PROMPT_FILE {prompts.file_name} has {size} tokens, but only a quarter of "
            f"CONTEXT_MAX_TOKENS ({most}) may go to it: shorten the file or raise CONTEXT_MAX_TOKENS."
        )


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


def weekday(moment: datetime) -> str:
    """The day's English name, whatever the process's locale is."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return names[moment.weekday()]


def _unnamed(view: TurnView) -> str:
    return _PRIVATE_CHAT.get(view.language[:2].lower(), _PRIVATE_CHAT["en"]) if view.chat.private else ""


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
