"""/remember: the asker tells outright what to keep; the owner also what holds for everybody."""

from __future__ import annotations

from dataclasses import replace

from aiogram.types import Message

from bot.memory.facts import Saved
from bot.memory.gates import Refused
from bot.telegram.convert import incoming_of
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers.house import house_of, keep_rule
from bot.telegram.keyboards import Press, button_rows, owner_of
from bot.telegram.wording import refusal_line


async def remember(ask: Ask, desk: Desk) -> None:
    """Keep the words behind the command, or those of the asker's message that it replies to."""
    house, replied = house_of(ask.rest), _replied(ask.message)
    if not ask.rest and replied is None:
        usage = ask.t(
            "Write it behind the command: /remember I play the cello. Or reply with it to your words."
        )
        return await ask.replier.send(usage)
    # The command is said in the chat like everything else: what is kept points to it.
    said = incoming_of(ask.message, desk.addressing)
    if said is not None:
        await desk.turns.receive(replace(said, addressed=None))
    if house is not None:
        return await keep_rule(ask, desk, house)
    if ask.rest:
        return await _keep(ask, desk, ask.rest, str(ask.message.message_id))
    assert replied is not None
    words = replied.text or replied.caption or ""
    if not _own_words(replied, ask) or not words:
        text = ask.t("I remember only what you say yourself. Put it into your own words behind the command.")
        return await ask.replier.send(text)
    return await _keep(ask, desk, words, str(replied.message_id))


def _replied(message: Message) -> Message | None:
    replied = message.reply_to_message
    return None if replied is None or replied.forum_topic_created else replied


def _own_words(replied: Message, ask: Ask) -> bool:
    own = replied.from_user is not None and str(replied.from_user.id) == ask.person.external_id
    return own and replied.sender_chat is None and replied.forward_origin is None and replied.quote is None


async def _keep(ask: Ask, desk: Desk, words: str, external_id: str) -> None:
    try:
        saved = await desk.memories.remember(ask.person, ask.chat, words, external_id=external_id)
    except Refused as error:
        return await ask.replier.send(refusal_line(error, ask.t))
    owner = owner_of(ask.person)
    if saved.state == "proposed":
        yes = (ask.t("✅ Remember"), Press("keep", owner, (saved.memory_id,)))
        no = (ask.t("✖️ No"), Press("nope", owner, (saved.memory_id,)))
        keyboard = button_rows([[yes, no]])
    elif saved.known or saved.state == "past":
        keyboard = None
    else:
        keyboard = button_rows([[(ask.t("↩️ Undo"), Press("undo", owner, (saved.memory_id,)))]])
    return await ask.replier.send(_outcome(ask, saved), keyboard)


def _outcome(ask: Ask, saved: Saved) -> str:
    t = ask.t
    if saved.state == "proposed":
        return t("🤔 Shall I remember: {text}?", text=saved.text)
    if saved.state == "past":
        return t(
            "I know something newer about that, so I keep this as a former value: {text}", text=saved.text
        )
    if saved.known:
        return t("I know that already: {text}", text=saved.text)
    kept = (
        t("🧠 Updated: {text}", text=saved.text)
        if saved.closed
        else t("🧠 Remembered: {text}", text=saved.text)
    )
    if saved.archived is None:
        return kept
    full = t("My memory of you was full: the least important fact went to the archive, see /memories.")
    return f"{kept}\n\n{full}"
