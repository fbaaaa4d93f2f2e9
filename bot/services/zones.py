"""Time zones as people name them: by their id, or by a city in one of the product's languages."""

from __future__ import annotations

import difflib
from functools import cache
from zoneinfo import available_timezones

from babel import Locale

LANGUAGES = ("en", "uk", "ru")
_NEAR, _SIMILAR = 3, 0.72


def find_zone(text: str) -> str | None:
    """The zone that the text names; None for an unknown one."""
    return _names().get(_plain(text))


def near_zones(text: str) -> tuple[str, ...]:
    """Up to three zones whose names look like the text, best first."""
    names = _names()
    found = difflib.get_close_matches(_plain(text), names, n=_NEAR * 3, cutoff=_SIMILAR)
    return tuple(dict.fromkeys(names[name] for name in found))[:_NEAR]


@cache
def _names() -> dict[str, str]:
    """Every way to say a zone, in plain form; an id wins over a city of the same name."""
    zones = sorted(available_timezones())
    names: dict[str, str] = {}
    for language in LANGUAGES:
        cities = Locale(language).time_zones
        for zone, data in cities.items():
            if "city" in data and "/" in zone:
                names[_plain(data["city"])] = _PRESENT.get(zone, zone)
    for zone in zones:
        if zone.startswith("Etc/"):
            continue  # there GMT+2 is what everybody else calls GMT-2
        names.setdefault(_plain(zone.rpartition("/")[2]), _PRESENT.get(zone, zone))
    # Zones that no city may take the name of: Europe/Kyiv as well as UTC.
    return names | {_plain(zone): _PRESENT.get(zone, zone) for zone in zones}


_PRESENT = {"Europe/Kiev": "Europe/Kyiv", "Asia/Calcutta": "Asia/Kolkata", "Asia/Saigon": "Asia/Ho_Chi_Minh",
            "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon"}  # fmt: skip
"""Former names by which locale data still goes."""


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace("ё", "е").split())
