"""/stats: the asker's own numbers, told to nobody else; the owner is told everybody's too."""

from __future__ import annotations

from bot.services.statistics import Everybody, UserStatistics
from bot.telegram.desk import Ask, Desk
from bot.telegram.i18n import Translator
from bot.telegram.privately import send_privately

PAYLOAD = "stats"
"""Opens the numbers through a deep link."""


async def stats(ask: Ask, desk: Desk) -> None:
    """Show the numbers; from a group they go to the private chat."""
    if desk.statistics is not None:
        text = numbers(ask.t, await desk.statistics.own(ask.person))
        if await desk.access.is_owner(ask.person):
            text += "\n\n" + of_everybody(ask.t, await desk.statistics.everybody())
        await send_privately(ask, desk, text, None, PAYLOAD)


def numbers(t: Translator, found: UserStatistics) -> str:
    """A person's numbers as a message."""
    return "\n".join([t("📊 You and me"), *_lines(t, found)])


def of_everybody(t: Translator, found: Everybody) -> str:
    """The numbers of the whole instance, for its owner alone."""
    people = t("People: {count}", count=found.users)
    return "\n".join([t("🏠 Everybody and me"), people, *_lines(t, found.numbers)])


def _lines(t: Translator, found: UserStatistics) -> list[str]:
    lines = [
        t("Conversations: {count}, active: {active}", count=found.dialogues, active=found.active),
        t("Messages: {count}", count=found.messages),
    ]
    if found.relevance is not None:
        lines.append(t("Documents fitted by {percent}% on average", percent=round(found.relevance * 100)))
    if found.response_seconds is not None:
        lines.append(t("Average time to an answer: {seconds} s", seconds=f"{found.response_seconds:.1f}"))
    tokens = (found.prompt_tokens, found.completion_tokens)
    if any(tokens):
        lines.append(t("Tokens: {read} read, {written} written", read=tokens[0], written=tokens[1]))
    if found.cost:
        lines.append(t("Cost: ${dollars}", dollars=f"{found.cost:.4f}"))
    return lines
