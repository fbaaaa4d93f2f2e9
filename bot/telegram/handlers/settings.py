"""/settings: how the bot answers a person, and who it is in a chat; all of it on one card."""

from __future__ import annotations

from bot.core.errors import Invalid
from bot.core.messages import ChatRef, Person
from bot.telegram.desk import Ask, Desk
from bot.telegram.handlers import settings_view as view
from bot.telegram.handlers.settings_view import Card, Section
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import owner_of
from bot.telegram.privacy import privacy_note, reads_all
from bot.telegram.privately import send_privately
from bot.telegram.rights import is_admin

PAYLOAD = "settings"
"""Opens the card through a deep link."""

_WORDS = {
    Section.LANGUAGE: ("language", "lang", "мова", "язык"),
    Section.STYLE: ("style", "стиль"),
    Section.LENGTH: ("length", "довжина", "длина"),
    Section.PRONOUNS: ("pronouns", "займенники", "местоимения"),
    Section.ZONE: ("timezone", "zone", "time", "tz", "пояс", "час", "время"),
    Section.NOTICES: ("notices", "сповіщення", "уведомления"),
    Section.PERSONA: ("persona", "персона", "роль"),
}
_SECTIONS = {word: section for section, words in _WORDS.items() for word in words}
_VALUES = {
    "коротко": "short", "кратко": "short", "середньо": "medium", "помірно": "medium", "средне": "medium",
    "докладно": "long", "подробно": "long",
}  # fmt: skip
_ON = ("on", "yes", "так", "да", "увімк", "вкл")
_OFF = ("off", "no", "ні", "нет", "вимк", "выкл")


async def settings(ask: Ask, desk: Desk) -> None:
    """Show the card, or set what stands behind the command."""
    word, _, value = ask.rest.partition(" ")
    section = _SECTIONS.get(word.casefold().rstrip(":"))
    if not ask.rest or (ask.rest == PAYLOAD and ask.chat.private):
        return await _show(ask, desk)
    if section is None:
        known = ", ".join(words[0] for words in _WORDS.values())
        text = ask.t("I know these settings: {names}. For example: /settings timezone Kyiv", names=known)
        return await ask.replier.send(text)
    if section is Section.PERSONA and not await is_admin(desk, ask.chat, ask.person):
        return await ask.replier.send(ask.t("In groups only admins can do that."))
    return await _set(ask, desk, section, value.strip())


async def _show(ask: Ask, desk: Desk) -> None:
    if ask.chat.private or not await is_admin(desk, ask.chat, ask.person):
        card = await own_card(ask.t, ask.person, desk)
        return await send_privately(ask, desk, card.text, card.keyboard, PAYLOAD)
    card = await chat_card(ask.t, ask.chat, ask.person, desk)
    return await ask.replier.send(card.text, card.keyboard)


async def _set(ask: Ask, desk: Desk, section: Section, value: str) -> None:
    if not value:
        return await ask.replier.send(ask.t("Write the value behind it, for example: /settings length short"))
    try:
        await store(desk, ask.chat, ask.person, section, value)
    except Invalid as error:
        return await ask.replier.send(refusal(ask.t, error))
    t = await desk.translator(ask.person)
    if not ask.chat.private:
        return await ask.replier.send(t("Saved."))
    card = await own_card(t, ask.person, desk)
    return await ask.replier.send(f"{t('Saved.')}\n\n{card.text}", card.keyboard)


async def store(desk: Desk, chat: ChatRef, person: Person, section: Section, value: str) -> None:
    """Store what somebody wrote for a section. Raises Invalid."""
    if section is Section.PERSONA:
        await _store_persona(desk, chat, person, value)
    elif section is Section.NOTICES:
        if value.casefold() not in _ON + _OFF:
            raise Invalid("notices are on or off", field="notices", reason="choices")
        await desk.profiles.update(person, notices=value.casefold() in _ON)
    else:
        known = _VALUES.get(value.casefold(), value) if section is Section.LENGTH else value
        await desk.profiles.update(person, **{view.FIELDS[section]: known})


async def _store_persona(desk: Desk, chat: ChatRef, person: Person, value: str) -> None:
    t = await desk.translator(person)
    for file in desk.chat_settings.personas():
        names = (file.name, file.name.removesuffix(".md"), file.title, view.persona_title(t, file))
        if value.casefold() in (name.casefold() for name in names):
            return await desk.chat_settings.choose_file(chat, file.name)
    return await desk.chat_settings.write_words(chat, value)


async def own_card(t: Translator, person: Person, desk: Desk) -> Card:
    """A person's own preferences as they are now, with the persona of their private chat."""
    values = await desk.profiles.get(person)
    private = ChatRef(external_id=person.external_id, type="private")
    persona = await desk.chat_settings.persona(private)
    name = view.persona_name(t, desk.chat_settings.personas(), persona)
    return view.own_card(t, owner_of(person), values, name)


async def chat_card(t: Translator, chat: ChatRef, person: Person, desk: Desk) -> Card:
    """What holds for a whole group as it is now."""
    persona = await desk.chat_settings.persona(chat)
    name = view.persona_name(t, desk.chat_settings.personas(), persona)
    note = None if await reads_all(desk, chat) else privacy_note(t)
    return view.chat_card(t, owner_of(person), name, note)


def refusal(t: Translator, error: Invalid) -> str:
    """Why a value was not taken, and what would be."""
    reason, field = error.params.get("reason"), error.params.get("field")
    if reason in ("length", "share"):
        too_long = t("That is too long: a quarter of what I can read at once is the most.")
        limit = error.params.get("limit")
        return (
            too_long if reason == "share" else t("That is too long: at most {limit} characters.", limit=limit)
        )
    if field == "timezone" and error.params.get("near"):
        near = ", ".join(error.params["near"])
        return t("I do not know this time zone. Did you mean {near}?", near=near)
    if field == "timezone":
        return t("I do not know this time zone. Write a large city, or a name such as Europe/Kyiv.")
    if field == "language":
        return t("I do not know this language. Write its name, or its code such as uk.")
    if field == "response_length":
        return t("Choose short, medium or long.")
    if field == "notices":
        return t("Choose on or off.")
    return t("error.invalid")
