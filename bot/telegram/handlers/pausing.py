"""/pause and /incognito: what is not remembered, and what is not kept at all, said plainly."""

from __future__ import annotations

from bot.services.incognito import HOURS
from bot.telegram.desk import Ask, Desk


async def pause(ask: Ask, desk: Desk) -> None:
    """Remember nothing new about the asker, or go on."""
    t = ask.t
    if await desk.memories.toggle_pause(ask.person, ask.key):
        text = t(
            "⏸ Paused: I remember nothing new about you. I go on answering, and messages are still kept for "
            "the conversation, for /search and for summaries; /incognito keeps nothing. What I know already "
            "stays and is used. Send /pause again to go on."
        )
    else:
        text = t("▶️ I remember again. What you wrote during the pause is not gone through for facts.")
    await ask.replier.send(text)


async def incognito(ask: Ask, desk: Desk) -> None:
    """Begin a conversation of which nothing is kept, or end it."""
    t = ask.t
    if not ask.chat.private:
        text = t("Incognito works only in our private chat: in a group others talk along.")
        return await ask.replier.send(text)
    if await desk.incognito.toggle(ask.chat, ask.person, ask.key) == "begun":
        text = t(
            "🕶 Incognito. I answer as always and still know what I knew, but nothing said here is "
            "remembered, summarised or found later. When you end it with /incognito, or after {hours} hours "
            "without a message, I erase all of it; until you end it, we stay incognito. Telegram keeps its "
            "copy of this chat until you delete it, and the language model still reads what it answers.",
            hours=HOURS,
        )
        return await ask.replier.send(text)
    # What was still being written belongs to what is erased.
    await desk.turns.stop(ask.chat, ask.person)
    over = t("Incognito is over; everything said in it is erased. We go on where we were before.")
    return await ask.replier.send(over)
