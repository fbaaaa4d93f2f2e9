"""Every sentence is there in every language, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.core import errors
from bot.core.errors import LLMErrorKind, MnemaError
from bot.memory.gates import Refused
from bot.telegram.i18n import LANGUAGES, supported, translator
from bot.telegram.menu import descriptions, menu

FACE = Path(__file__).resolve().parents[2] / "bot" / "telegram"
PLACEHOLDER = re.compile(r"\{\w+\}")


def source_ids() -> set[str | tuple[str, ...]]:
    """Every message id in the face's source; plural pairs as tuples."""
    found: set[str | tuple[str, ...]] = set()
    for _, _, message, _, _ in extract_from_dir(
        str(FACE), method_map=[("**.py", "python")], keywords={"t": None, "n": (1, 2)}
    ):
        if message:
            found.add(message if isinstance(message, str) else tuple(message))
    return found


def error_keys() -> set[str]:
    kinds = {f"error.llm.{kind}" for kind in get_args(LLMErrorKind)}
    classes: list[type[MnemaError]] = [Refused]
    found = (value for value in vars(errors).values() if isinstance(value, type))
    classes.extend(value for value in found if issubclass(value, MnemaError))
    return kinds | {cls.user_key for cls in classes}


def catalog(language: str) -> dict[str | tuple[str, ...], tuple[str, ...]]:
    path = FACE.parent / "locales" / language / "LC_MESSAGES" / "mnema.po"
    with path.open("rb") as source:
        read = read_po(source, locale=language)
    assert not any(message.fuzzy for message in read if message.id)
    return {
        tuple(m.id) if isinstance(m.id, list | tuple) else m.id: tuple(m.string)
        if isinstance(m.string, list | tuple)
        else (str(m.string),)
        for m in read
        if m.id
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_complete_and_holds_nothing_else(language: str) -> None:
    wanted = error_keys() if language == "en" else error_keys() | source_ids()
    assert set(catalog(language)) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_filled_and_keep_their_placeholders(language: str) -> None:
    for message, translations in catalog(language).items():
        assert all(translations), message
        source = message if isinstance(message, str) else message[-1]
        for translation in translations:
            assert set(PLACEHOLDER.findall(translation)) == set(PLACEHOLDER.findall(source)), message


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_translations_are_no_copies(language: str) -> None:
    for message, translations in catalog(language).items():
        assert translations[0] != message
        assert re.search("[а-яіїєґ]", translations[0].lower()), message


def test_plurals() -> None:
    uk = translator("uk")
    forms = [
        uk.n("I remember {count} thing about you:", "I remember {count} things about you:", n)
        for n in (1, 3, 5, 21)
    ]
    assert forms == [
        "Я пам’ятаю про вас 1 річ:",
        "Я пам’ятаю про вас 3 речі:",
        "Я пам’ятаю про вас 5 речей:",
        "Я пам’ятаю про вас 21 річ:",
    ]


def test_values_stay_inert() -> None:
    assert translator("en")("Forgotten: {text}", text="{text} {0} %s {name.__class__}") == (
        "Forgotten: {text} {0} %s {name.__class__}"
    )


@pytest.mark.parametrize(
    ("code", "language"),
    [("uk-UA", "uk"), ("ru", "ru"), ("EN_us", "en"), ("de", "en"), (None, "en"), ("", "en")],
)
def test_the_nearest_language(code: str | None, language: str) -> None:
    assert supported(code) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_menu_fits_telegram(language: str) -> None:
    t = translator(language)
    assert all(1 <= len(text) <= 256 for text in descriptions(t).values())
    assert {entry.command for entry in menu(t, private=False)} < {
        entry.command for entry in menu(t, private=True)
    }
