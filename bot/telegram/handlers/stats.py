"""/stats: the asker's own numbers, told to nobody else."""

from __future__ import annotations

from bot.services.statistics import UserStatistics
from bot.telegram.desk import Ask, Desk
from bot.telegram.i18n import Translator
from bot.telegram.privately import send_privately

PAYLOAD = "stats"
"""Opens the numbers through a deep link."""


async def stats(ask: Ask, desk: Desk) -> None:
    """Show the numbers; from a group they go to the private chat."""
    if desk.statistics is not None:
        found = await desk.statistics.own(ask.person)
        await send_privately(ask, desk, numbers(ask.t, found), None, PAYLOAD)


def numbers(t: Translator, found: UserStatistics) -> str:
    """The numbers as a message."""
    lines = [
        t("📊 You and me"),
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
    return "\n".join(lines)
