"""The cards of /settings: what is set, and what can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

from aiogram.types import InlineKeyboardMarkup
from babel import Locale, UnknownLocaleError

from bot.core.text import one_line
from bot.core.views import Persona
from bot.services.chat_settings import WORDS_LENGTH, PersonaFile
from bot.services.profiles import ProfileValues
from bot.telegram.i18n import LANGUAGES, Translator
from bot.telegram.keyboards import Press, setting_buttons

_VALUE_LIMIT = 60
_NAMES = {"en": "English", "uk": "Українська", "ru": "Русский"}


class Section(IntEnum):
    """A card, or a part of one; the numbers stand in buttons."""

    MAIN = 0
    LANGUAGE = 1
    STYLE = 2
    LENGTH = 3
    PRONOUNS = 4
    ZONE = 5
    NOTICES = 6
    PERSONA = 7
    CHAT = 8


NOTHING, OWN_WORDS = 0, 1
"""Choices of every section: back to the default; to be written as the next message."""

FIELDS = {
    Section.LANGUAGE: "language", Section.STYLE: "communication_style", Section.LENGTH: "response_length",
    Section.PRONOUNS: "pronouns", Section.ZONE: "timezone", Section.NOTICES: "notices",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A text with its buttons."""

    text: str
    keyboard: InlineKeyboardMarkup | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: how it is called, its number in a button, the value it stands for."""

    label: str
    number: int
    value: str | None


def own_card(t: Translator, owner: int, values: ProfileValues, persona: str) -> Card:
    """A person's own preferences; `persona` is that of their private chat."""
    lines = [
        t("⚙️ How I answer you"),
        "",
        t("🌐 Language: {value}", value=language_name(t, values.language)),
        t("🎭 Style: {value}", value=_said(styles(t), values.communication_style)),
        t("📏 Length: {value}", value=_said(lengths(t), values.response_length)),
        t("🗣 Pronouns: {value}", value=values.pronouns or t("not set")),
        t("🕒 Time zone: {value}", value=values.timezone or t("not set")),
        t("🧠 Notices of what I remember: {value}", value=t("on") if values.notices else t("off")),
        t("🎨 Persona: {value}", value=persona),
    ]
    notices = t("🧠 Hide notices") if values.notices else t("🧠 Show notices")
    rows = [
        [(t("🌐 Language"), Section.LANGUAGE), (t("🎭 Style"), Section.STYLE)],
        [(t("📏 Length"), Section.LENGTH), (t("🗣 Pronouns"), Section.PRONOUNS)],
        [(t("🕒 Time zone"), Section.ZONE), (notices, Section.NOTICES)],
        [(t("🎨 Persona"), Section.PERSONA)],
    ]
    return Card("\n".join(lines), _sections(owner, rows))


def chat_card(t: Translator, owner: int, persona: str, note: str | None) -> Card:
    """What an admin sets for a group; `note` tells what Telegram hides from the bot there."""
    lines = [t("⚙️ How I am in this group"), "", t("🎨 Persona: {value}", value=persona)]
    if note:
        lines += ["", note]
    lines += ["", t("What holds for you alone is set in our private chat: /settings there.")]
    return Card("\n".join(lines), _sections(owner, [[(t("🎨 Persona"), Section.PERSONA)]]))


def section_card(t: Translator, owner: int, section: Section, chosen: str | None) -> Card:
    """The choices of one preference, the present one marked."""
    texts = {
        Section.LANGUAGE: t("In which language shall I answer you? Another one: /settings language Polski"),
        Section.STYLE: t("In which style shall I answer you?"),
        Section.LENGTH: t("How long shall my answers be?"),
        Section.PRONOUNS: t("Which pronouns shall I use for you? Choose, or write them as the next message."),
        Section.ZONE: t("Where are you? Write a large city near you as your next message, for example Kyiv."),
    }
    return Card(texts[section], _choices(t, owner, section, choices_of(t, section), chosen, Section.MAIN))


def persona_card(
    t: Translator, owner: int, files: Sequence[PersonaFile], persona: Persona | None, *, private: bool
) -> Card:
    """The personas of a chat; own words are shown in full."""
    words = persona.words if persona is not None else None
    text = t("Who shall I be in this chat?")
    if words:
        text += "\n\n" + t("Now, in its admin's words: {words}", words=words)
    chosen = "" if words else persona.file if persona else None
    choices = [*persona_choices(t, files), Choice(t("✏️ In my own words"), OWN_WORDS, "")]
    back = Section.MAIN if private else Section.CHAT
    return Card(text, _choices(t, owner, Section.PERSONA, choices, chosen, back))


def ask_card(t: Translator, owner: int, section: Section, *, private: bool) -> Card:
    """What to write as the next message."""
    if section is Section.STYLE:
        text = t("Write as your next message how I shall answer you, in a few words.")
    elif private:
        text = t(
            "Write as your next message how I shall be, in up to {limit} characters.", limit=WORDS_LENGTH
        )
    else:
        text = t(
            "Reply to this message with how I shall be, in up to {limit} characters.", limit=WORDS_LENGTH
        )
    return Card(text, setting_buttons([[(t("‹ Back"), Press("set", owner, (section,)))]]))


def choices_of(t: Translator, section: Section) -> list[Choice]:
    """What a section offers."""
    if section is Section.LANGUAGE:
        own = [Choice(_NAMES[code], 2 + at, code) for at, code in enumerate(LANGUAGES)]
        return [Choice(t("automatic"), NOTHING, None), *own]
    if section is Section.STYLE:
        return [*styles(t), Choice(t("✏️ In my own words"), OWN_WORDS, "")]
    if section is Section.LENGTH:
        return lengths(t)
    nothing = Choice(t("not set"), NOTHING, None)
    if section is Section.PRONOUNS:
        pronouns = (t("she/her"), t("he/him"), t("they/them"))
        return [*(Choice(p, 2 + at, p) for at, p in enumerate(pronouns)), nothing]
    return [nothing]


def styles(t: Translator) -> list[Choice]:
    """The closed list of styles."""
    names = {
        "neutral": t("neutral"), "friendly": t("friendly"), "formal": t("formal"), "precise": t("precise"),
        "playful": t("playful"),
    }  # fmt: skip
    return [Choice(label, 2 + at, value) for at, (value, label) in enumerate(names.items())]


def lengths(t: Translator) -> list[Choice]:
    """The closed list of lengths."""
    names = {"short": t("short"), "medium": t("medium"), "long": t("long")}
    return [Choice(label, 2 + at, value) for at, (value, label) in enumerate(names.items())]


def persona_choices(t: Translator, files: Sequence[PersonaFile]) -> list[Choice]:
    """The prompt files; a number belongs to a file's name, so that old buttons mean what they say."""
    return [
        Choice(persona_title(t, file), crc32(file.name.encode()), None if file.default else file.name)
        for file in files
    ]


def persona_title(t: Translator, file: PersonaFile) -> str:
    """The name of a persona; the shipped ones have one in each language."""
    shipped = {"Default": t("Balanced"), "Assistant": t("Assistant"), "Casual": t("Casual")}
    return shipped.get(file.title, file.title)


def persona_name(t: Translator, files: Sequence[PersonaFile], persona: Persona | None) -> str:
    """What stands on a card for the persona of a chat."""
    if persona is not None and persona.words:
        return f"«{one_line(persona.words, _VALUE_LIMIT)}»"
    wanted = persona.file if persona is not None else None
    return next((persona_title(t, f) for f in files if f.name == wanted or (f.default and not wanted)), "")


def language_name(t: Translator, code: str | None) -> str:
    """A language by its own name."""
    if code is None:
        return t("automatic")
    try:
        return _NAMES.get(code) or Locale.parse(code, sep="-").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code


def _said(choices: Sequence[Choice], value: str) -> str:
    known = next((choice.label for choice in choices if choice.value == value), None)
    return known or f"«{one_line(value, _VALUE_LIMIT)}»"


def _sections(owner: int, rows: Sequence[Sequence[tuple[str, Section]]]) -> InlineKeyboardMarkup | None:
    return setting_buttons([[(text, Press("set", owner, (to,))) for text, to in row] for row in rows])


def _choices(
    t: Translator, owner: int, section: Section, choices: Sequence[Choice], chosen: str | None, back: Section
) -> InlineKeyboardMarkup | None:
    buttons = [
        (f"✓ {one.label}" if one.value == chosen else one.label, Press("pick", owner, (section, one.number)))
        for one in choices
    ]
    rows = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    return setting_buttons([*rows, [(t("‹ Back"), Press("set", owner, (back,)))]])
