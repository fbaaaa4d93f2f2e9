"""The commands, found by one look-up in a table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiogram.types import Message

from bot.core.messages import Person
from bot.core.text import one_line
from bot.telegram.addressing import Command
from bot.telegram.convert import chat_of, person_of
from bot.telegram.desk import Ask, Desk
from bot.telegram.doorman import Doorman
from bot.telegram.handlers.conversations import conversations
from bot.telegram.handlers.documents import documents
from bot.telegram.handlers.export import export
from bot.telegram.handlers.forget import forget
from bot.telegram.handlers.forget_me import forget_me
from bot.telegram.handlers.memories import memories
from bot.telegram.handlers.pausing import incognito, pause
from bot.telegram.handlers.remember import remember
from bot.telegram.handlers.search import search
from bot.telegram.handlers.settings import settings
from bot.telegram.handlers.stats import stats
from bot.telegram.handlers.summary import summary
from bot.telegram.handlers.why import why
from bot.telegram.menu import command_list
from bot.telegram.privacy import privacy_note, reads_all
from bot.telegram.rights import is_admin

_TITLE_LIMIT = 80


async def run_command(command: Command, message: Message, desk: Desk, doorman: Doorman, key: str) -> None:
    """Do what the command says, for those who may."""
    if message.from_user is None or message.sender_chat is not None:
        return await _anonymous(message, desk, key)
    person, chat = person_of(message.from_user), chat_of(message.chat, message)
    claimed = command.name == "start" and chat.private and await _claimed(command, person, desk)
    decision = "allowed" if claimed else await desk.access.decide(person, chat)
    if decision != "allowed":
        return await doorman.answer(decision, chat, person, desk)
    t = await desk.translator(person)
    replier = desk.replier(key, chat, str(message.message_id))
    if claimed:
        await replier.send(t("Welcome! From now on this bot listens to you: you are its owner."))
    await COMMANDS.get(command.name, unknown)(Ask(message, chat, person, command.rest, t, key, replier), desk)
    return None


async def _claimed(command: Command, person: Person, desk: Desk) -> bool:
    return bool(command.rest) and await desk.access.claim(command.rest, person)


async def _anonymous(message: Message, desk: Desk, key: str) -> None:
    chat = chat_of(message.chat, message)
    if await desk.access.decide(None, chat) != "allowed":
        return
    t = await desk.translator(None)
    text = t("I cannot see who you are here. Please send the command under your own name.")
    await desk.replier(key, chat, str(message.message_id)).send(text)


async def start(ask: Ask, desk: Desk) -> None:
    """Greet; a deep link to the memories, the settings or the numbers opens them."""
    if ask.rest == "memories" and ask.chat.private:
        return await memories(ask, desk)
    if ask.rest == "settings" and ask.chat.private:
        return await settings(ask, desk)
    if ask.rest == "stats" and ask.chat.private:
        return await stats(ask, desk)
    text = ask.t(
        "Hello, {name}! I am {bot}. Just write to me: I answer, and I remember what you tell me about "
        "yourself.\n\n/memories shows what I remember, /help what I can do.",
        name=ask.person.first_name or ask.person.full_name,
        bot=desk.identity.name,
    )
    await ask.replier.send(text)
    return None


async def help_(ask: Ask, desk: Desk) -> None:
    """Say what the bot can do here."""
    t = ask.t
    if ask.chat.private:
        how = t("Write to me as to a person: text, photos, voice, documents, replies and forwards.")
    else:
        how = t(
            "In groups I answer when I am mentioned, replied to, called {name} or given a command.",
            name=desk.identity.name,
        )
    lines = [how, "", *command_list(t, private=ask.chat.private)]
    if await desk.access.is_owner(ask.person):
        lines += [
            "",
            t(
                "For my owner: «/remember bot: …» tells me what holds in all chats, «/remember here: …» what "
                "holds in this one; «/memories bot:» and «/memories here:» list it."
            ),
        ]
    if not ask.chat.private and not await reads_all(desk, ask.chat):
        lines += ["", privacy_note(t)]
    await ask.replier.send("\n".join(lines))


async def unknown(ask: Ask, desk: Desk) -> None:
    """Say that there is no such command; the model would only pretend to do it."""
    await ask.replier.send(ask.t("I do not know this command. /help lists what I can do."))


async def clear(ask: Ask, desk: Desk) -> None:
    """Start anew, and let nothing reach behind it."""
    if not await _may_end(ask, desk):
        return
    done = await desk.conversations.clear(ask.chat, ask.person)
    text = (
        ask.t("Cleared: I answer without what was said here before. It is kept, and so is what I remember.")
        if done
        else ask.t("There is nothing to clear: this conversation is empty.")
    )
    await ask.replier.send(text)


async def new(ask: Ask, desk: Desk) -> None:
    """Archive the conversation and start an empty one."""
    if not await _may_end(ask, desk):
        return
    title = one_line(ask.rest, _TITLE_LIMIT) or None
    done = await desk.conversations.start_new(ask.chat, ask.person, title)
    began = ask.t("A new conversation: {title}.", title=title) if title else ask.t("A new conversation.")
    kept = ask.t("The one before is archived; what you told me about yourself stays.")
    await ask.replier.send(f"{began} {kept}" if done else began)


async def stop(ask: Ask, desk: Desk) -> None:
    """Halt the asker's answers here."""
    halted = await desk.turns.stop(ask.chat, ask.person)
    if not halted:
        await ask.replier.send(ask.t("There is nothing to stop: I am not writing anything for you here."))


async def _may_end(ask: Ask, desk: Desk) -> bool:
    """In groups a conversation belongs to everybody: only admins end it."""
    if await is_admin(desk, ask.chat, ask.person):
        return True
    await ask.replier.send(ask.t("In groups only admins can do that."))
    return False


CommandHandler = Callable[[Ask, Desk], Awaitable[None]]

COMMANDS: dict[str, CommandHandler] = {
    "start": start,
    "help": help_,
    "memories": memories,
    "remember": remember,
    "forget": forget,
    "search": search,
    "pause": pause,
    "incognito": incognito,
    "documents": documents,
    "clear": clear,
    "new": new,
    "conversations": conversations,
    "stop": stop,
    "why": why,
    "settings": settings,
    "summary": summary,
    "stats": stats,
    "export": export,
    "forget_me": forget_me,
}
