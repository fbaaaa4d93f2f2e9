"""What the bot says by itself, in the reader's language."""

from __future__ import annotations

import gettext
import io
import re
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "uk", "ru")
DOMAIN = "mnema"
_LOCALES = Path(__file__).resolve().parent.parent / "locales"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@cache
def _catalog(language: str) -> gettext.GNUTranslations:
    """The compiled catalogue; only sources are kept in the repository."""
    path = _LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as source:
        catalog = read_po(source, locale=language, domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def supported(language: str | None) -> str:
    """The nearest language that the bot speaks ("uk-UA" → "uk"); English when there is none."""
    base = (language or "").lower().replace("_", "-").partition("-")[0]
    return base if base in LANGUAGES else "en"


class Translator:
    """Speaks one language. Message ids are English sentences, or keys such as `error.llm.timeout`."""

    def __init__(self, language: str | None) -> None:
        self.language = supported(language)
        self._catalog = _catalog(self.language)

    def __call__(self, message_id: str, /, **params: object) -> str:
        """The sentence in this language; `{name}` takes a parameter, whose value stays inert."""
        return _filled(self._catalog.gettext(message_id), params)

    def n(self, one: str, many: str, count: int, /, **params: object) -> str:
        """The same for a counted thing; `{count}` is the number."""
        return _filled(self._catalog.ngettext(one, many, count), {"count": count, **params})

    def knows(self, message_id: str) -> bool:
        """Whether the catalogue holds this id; free text is shown as it stands."""
        return bool(message_id) and self._catalog.gettext(message_id) != message_id


@cache
def translator(language: str | None) -> Translator:
    """The shared translator of a language."""
    return Translator(language)


def _filled(text: str, params: dict[str, object]) -> str:
    return _PLACEHOLDER.sub(lambda found: str(params.get(found[1], found[0])), text)
