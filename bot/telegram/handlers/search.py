"""/search: what was said, with the day, the speaker and the way there."""

from __future__ import annotations

from bot.core.text import one_line
from bot.telegram.desk import Ask, Desk
from bot.telegram.lines import Lines

_NAME, _PLACE = 40, 40


async def search(ask: Ask, desk: Desk) -> None:
    """Show the best matches of this group; in private, of everything that the asker can see."""
    words, t = one_line(ask.rest, 200), ask.t
    if not words:
        text = t("Write what to look for: /search train tickets. I look through what was said here.")
        return await ask.replier.send(text)
    found, lines = await desk.search.find(ask.person, ask.chat, words), Lines()
    if not found:
        return await ask.replier.send(t("I found nothing said about «{words}».", words=one_line(words, 60)))
    lines.add(t("🔎 Said about «{words}»:", words=one_line(words, 60)))
    for hit in found:
        speaker = desk.identity.name if hit.outgoing else one_line(hit.speaker, _NAME)
        place = f", {one_line(hit.place, _PLACE)}" if hit.place and ask.chat.private else ""
        lines.add()
        lines.add(f"{hit.said_at:%Y-%m-%d %H:%M} {speaker}{place}", hit.link)
        lines.add(hit.text)
    return await ask.replier.send(lines.part())
