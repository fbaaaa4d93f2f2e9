"""A group's past as Telegram Desktop exports it: several people, three languages, all that people send."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

GROUP = 1_650_000_042
BEGIN = datetime(2024, 10, 1, 6, tzinfo=UTC)
YEARS = timedelta(days=760)

PEOPLE = (
    ("Anna Kowal", "en"), ("Борис", "ru"), ("Оксана Гнатюк", "uk"), ("Tom", "en"), ("Дарина", "uk"),
    ("Игорь Петров", "ru"), ("Mia 🌸", "en"), ("Тарас", "uk"), ("Светлана", "ru"), ("Joe [mod]", "en"),
    ("Леся", "uk"), ("", "en"), ("Женя", "ru"), ("", "uk"),
)  # fmt: skip
"""Names with the language of each; those without a name are deleted accounts."""

_WORDS = {
    language: words.split()
    for language, words in {
        "en": "we meet the at garden tomorrow bring some water for dog and rain again who has keys of shed I "
        "think it is too late but maybe Saturday works better see you there thanks a lot price went up",
        "uk": "ми зустрінемось біля саду завтра принеси трохи води для собаки і знову дощ хто має ключі від "
        "сараю я думаю вже пізно але може краще в суботу побачимось там дуже дякую ціна зросла щиро",
        "ru": "мы встретимся у сада завтра принеси немного воды для собаки и снова дождь у кого ключи от "
        "сарая я думаю уже поздно но может лучше в субботу увидимся там большое спасибо цена выросла",
    }.items()
}
_SHORT = {
    "en": ("ok", "+", "lol", "👍", "yes"),
    "uk": ("ок", "+", "ага", "😂", "так"),
    "ru": ("ок", "да", "))", "+"),
}
_MARKS = ("bold", "italic", "hashtag", "mention", "link", "text_link", "code", "custom_emoji")


def write_past(place: Path, messages: int, seed: int = 1) -> None:
    """Write a result.json with so many messages."""
    with place.open("w", encoding="utf-8") as out:
        head = {"name": "Сад & Neighbours", "type": "private_supergroup", "id": GROUP}
        out.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "messages": [\n')
        for at, record in enumerate(past(messages, seed)):
            out.write(",\n" * (at > 0) + json.dumps(record, ensure_ascii=False, indent=1))
        out.write("\n ]\n}\n")


def past(messages: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The messages, in their order; ids have gaps, where something was deleted."""
    dice = random.Random(seed)
    id_, at, step = 1, BEGIN, YEARS / messages
    ids: list[int] = []
    for _ in range(messages):
        who = min(int(dice.expovariate(0.25)), len(PEOPLE) - 1)
        record = _head(id_, at, who)
        record |= _service(dice, who) if dice.random() < 0.015 else _said(dice, who, ids)
        yield record
        ids = [*ids[-200:], id_]
        id_ += dice.choice((1, 1, 1, 1, 2, 5))
        at += step * dice.expovariate(1.0)


def _head(id_: int, at: datetime, who: int) -> dict[str, Any]:
    # The zone of whoever exported stands in "date" alone.
    local = (at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    name = PEOPLE[who][0] or None
    return {"id": id_, "type": "message", "date": local, "date_unixtime": str(int(at.timestamp())),
            "from": name, "from_id": f"user{900_000 + who}"}  # fmt: skip


def _service(dice: random.Random, who: int) -> dict[str, Any]:
    name = PEOPLE[who][0] or None
    what = dice.choice((
        {"action": "invite_members", "members": ["Леся", None]},
        {"action": "pin_message", "message_id": 5},
        {"action": "edit_group_title", "title": "Сад & Neighbours"},
        {"action": "join_group_by_link", "inviter": "Anna Kowal"},
        {"action": "group_call", "duration": 300},
    ))  # fmt: skip
    actor = {"actor": name, "actor_id": f"user{900_000 + who}"}
    return {"type": "service", **actor, "text": "", "text_entities": [], **what}


def _said(dice: random.Random, who: int, ids: list[int]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    chance = dice.random()
    if ids and chance < 0.22:
        record["reply_to_message_id"] = dice.choice(ids)
    if dice.random() < 0.04:
        record |= {"edited": "2026-01-01T10:00:00", "edited_unixtime": "1767261600"}
    if dice.random() < 0.03:
        record["forwarded_from"] = dice.choice(("Новини району", "Weather", None))
    if dice.random() < 0.08:
        record["reactions"] = [{"type": "emoji", "count": 2, "emoji": "👍", "recent": [
            {"from": "Tom", "from_id": "user900003", "date": "2026-01-01T10:00:00"}]}]  # fmt: skip
    language = PEOPLE[who][1]
    media = _media(dice, language) if dice.random() < 0.17 else None
    text = "" if media and dice.random() < 0.7 else _words(dice, language)
    return record | (media or {}) | _worded(dice, text)


def _words(dice: random.Random, language: str) -> str:
    if dice.random() < 0.2:
        return dice.choice(_SHORT[language])
    return " ".join(dice.choices(_WORDS[language], k=min(3 + int(dice.expovariate(0.11)), 160)))


def _worded(dice: random.Random, text: str) -> dict[str, Any]:
    """The text as a string, or as the array of its entities."""
    if not text or dice.random() > 0.15 or " " not in text:
        return {"text": text, "text_entities": [{"type": "plain", "text": text}] if text else []}
    head, tail = text.split(" ", 1)
    mark = {"type": dice.choice(_MARKS), "text": head}
    if mark["type"] == "text_link":
        mark["href"] = f"https://example.org/{dice.randrange(999)}?a=1&b=2"
    rest = f" {tail}"
    return {"text": [mark, rest], "text_entities": [mark, {"type": "plain", "text": rest}]}


def _media(dice: random.Random, language: str) -> dict[str, Any]:
    missing = "(File not included. Change data exporting settings to download.)"
    return dice.choice((
        {"photo": "photos/photo_1.jpg", "photo_file_size": 81_000, "width": 960, "height": 1280},
        {"photo": missing, "photo_file_size": 81_000, "width": 960, "height": 1280},
        {"file": missing, "file_name": "sticker.webp", "file_size": 22_000, "media_type": "sticker",
         "sticker_emoji": "😂", "width": 512, "height": 512},
        {"file": missing, "file_size": 9_000, "media_type": "voice_message", "mime_type": "audio/ogg",
         "duration_seconds": 7},
        {"file": missing, "file_name": "IMG_1.MP4", "file_size": 7_000_000, "media_type": "video_file",
         "mime_type": "video/mp4", "duration_seconds": 30, "width": 720, "height": 1280},
        {"file": missing, "file_name": "Кошторис.pdf", "file_size": 90_000, "mime_type": "application/pdf"},
        {"poll": {"question": _words(dice, language), "closed": False, "total_voters": 4, "answers": [
            {"text": "так / yes", "voters": 3, "chosen": True}, {"text": "ні / no", "voters": 1}]}},
        {"location_information": {"latitude": 50.45, "longitude": 30.52}},
    ))  # fmt: skip
