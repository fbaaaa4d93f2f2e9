"""The buttons of /settings."""

from __future__ import annotations

from bot.core.errors import Invalid
from bot.telegram.desk import Desk
from bot.telegram.handlers import settings_view as view
from bot.telegram.handlers.pressed import Answer, Pressed
from bot.telegram.handlers.settings import chat_card, own_card, refusal
from bot.telegram.handlers.settings_view import NOTHING, OWN_WORDS, Card, Section
from bot.telegram.keyboards import owner_of
from bot.telegram.render import Part
from bot.telegram.rights import is_admin

_WRITTEN = (Section.PRONOUNS, Section.ZONE)
"""Sections in which the next message may be the answer as soon as they are open."""


async def open_section(pressed: Pressed, desk: Desk) -> Answer:
    """Show a section's choices; notices are switched at once."""
    section = _section(pressed)
    if section is None:
        return _old(pressed)
    if not await _may(pressed, desk, section):
        return Answer(pressed.t("In groups only admins can do that."), alert=True)
    if section in _WRITTEN:
        await desk.awaiting.ask(pressed.person, pressed.chat, view.FIELDS[section])
    else:
        await desk.awaiting.forget(pressed.person)
    if section is Section.NOTICES:
        values = await desk.profiles.get(pressed.person)
        await desk.profiles.update(pressed.person, notices=not values.notices)
    await _show(pressed, desk, await _card(pressed, desk, section))
    return Answer()


async def pick(pressed: Pressed, desk: Desk) -> Answer:
    """Take a choice, or ask for it in the person's own words."""
    section, number = _section(pressed), pressed.press.ids[1]
    if section is None or section in (Section.MAIN, Section.CHAT, Section.NOTICES):
        return _old(pressed)
    if not await _may(pressed, desk, section):
        return Answer(pressed.t("In groups only admins can do that."), alert=True)
    if number == OWN_WORDS and section in (Section.STYLE, Section.PERSONA):
        await desk.awaiting.ask(pressed.person, pressed.chat, view.FIELDS.get(section, "persona"))
        card = view.ask_card(pressed.t, owner_of(pressed.person), section, private=pressed.chat.private)
        await _show(pressed, desk, card)
        return Answer()
    try:
        known = await _take(pressed, desk, section, number)
    except Invalid as error:
        return Answer(refusal(pressed.t, error), alert=True)
    if not known:
        return _old(pressed)
    await desk.awaiting.forget(pressed.person)
    back = Section.MAIN if pressed.chat.private else Section.CHAT
    await _show(pressed, desk, await _card(pressed, desk, back))
    return Answer((await desk.translator(pressed.person))("Saved."))


async def _take(pressed: Pressed, desk: Desk, section: Section, number: int) -> bool:
    if section is Section.PERSONA:
        files = desk.chat_settings.personas()
        choices = view.persona_choices(pressed.t, files)
        at = next((at for at, choice in enumerate(choices) if choice.number == number), None)
        if at is not None:
            await desk.chat_settings.choose_file(pressed.chat, files[at].name)
        return at is not None
    choice = next((one for one in view.choices_of(pressed.t, section) if one.number == number), None)
    if choice is not None:
        value = None if number == NOTHING else choice.value
        await desk.profiles.update(pressed.person, **{view.FIELDS[section]: value})
    return choice is not None


async def _card(pressed: Pressed, desk: Desk, section: Section) -> Card:
    # A change of language shows at once.
    t, owner = await desk.translator(pressed.person), owner_of(pressed.person)
    if section is Section.CHAT:
        return await chat_card(t, pressed.chat, pressed.person, desk)
    if section is Section.PERSONA:
        persona = await desk.chat_settings.persona(pressed.chat)
        files = desk.chat_settings.personas()
        return view.persona_card(t, owner, files, persona, private=pressed.chat.private)
    if section in (Section.MAIN, Section.NOTICES):
        return await own_card(t, pressed.person, desk)
    chosen = getattr(await desk.profiles.get(pressed.person), view.FIELDS[section])
    return view.section_card(t, owner, section, chosen)


async def _may(pressed: Pressed, desk: Desk, section: Section) -> bool:
    """Own preferences are anybody's; a group's persona is its admins', also of those who were one before."""
    return section not in (Section.PERSONA, Section.CHAT) or await is_admin(
        desk, pressed.chat, pressed.person
    )


async def _show(pressed: Pressed, desk: Desk, card: Card) -> None:
    await desk.writer(pressed.chat).edit(pressed.message.message_id, Part(card.text), card.keyboard)


def _section(pressed: Pressed) -> Section | None:
    number = pressed.press.ids[0]
    return Section(number) if number in set(Section) else None


def _old(pressed: Pressed) -> Answer:
    return Answer(pressed.t("This button is from an older version. Please ask again."), alert=True)
