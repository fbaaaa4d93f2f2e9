"""Finding facts by a topic in plain words, as their owner names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.db.models import Memory
from bot.memory.similar import stems
from bot.memory.text import normal

# What a kind is called when somebody wants all of it forgotten; compared by stems.
_KINDS: Mapping[str, str] = {
    "name": "name ім'я имя зовут звати",
    "birthday": "birthday birth age день народження вік рождения возраст",
    "home": "home address city дім адреса місто дом адрес город",
    "work": "work job робота праця работа",
    "family": "family relatives сім'я родина рідні семья родные",
    "diet": "diet food eating дієта їжа харчування диета еда питание",
    "health": "health illness здоров'я хвороби здоровье болезни",
    "contact": "contact contacts phone email контакт контакти телефон пошта контакты почта",
    "preference": "preference preferences likes tastes уподобання смаки вкуси предпочтения вкусы",
    "plan": "plan plans план плани планы",
}


def has_words(text: str, query: str) -> bool:
    """Whether each word of a query stands in a text, in whatever form, or the query as it was typed."""
    wanted = set(stems(query))
    return (bool(wanted) and wanted <= set(stems(text))) or (
        normal(query) in normal(text) and bool(normal(query))
    )


def about(rows: Sequence[Memory], topic: str) -> list[Memory]:
    """The facts that a topic names by a word of theirs, a tag or their kind; the closest first."""
    wanted = set(stems(topic))
    if not wanted:
        return []

    def nearness(row: Memory) -> float:
        own = set(stems(" ".join((row.text, *row.tags))))
        kind = set(stems(_KINDS.get(row.kind, "")))
        return len(wanted & own) / len(wanted) + (0.5 if wanted & kind else 0.0)

    near = [(nearness(row), row) for row in rows]
    found = [(score, row) for score, row in near if score > 0]
    return [row for _, row in sorted(found, key=lambda pair: (-pair[0], -pair[1].id))]
