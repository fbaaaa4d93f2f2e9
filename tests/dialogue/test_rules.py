"""Pure rules: dates and times in words, yes and no, choices, patterns, and what a state may hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.services.dialogue.dates import real_date, real_time
from bot.services.dialogue.details import made_real, next_step
from bot.services.dialogue.patterns import check_pattern, matches
from bot.services.dialogue.types import BOOKING, CHOICE, CONFIRMATION, INFO, BadState, checked, minutes_of
from bot.services.dialogue.words import chosen, says_no, says_yes

TODAY = date(2026, 3, 14)  # a Saturday
OPTIONS = [
    {"id": 1, "text": "Завтра в 10:00"},
    {"id": 2, "text": "Послезавтра в 14:00"},
    {"id": 3, "text": "В пятницу в 16:00"},
]
PHONE = r"^\+?[0-9]{10,15}$"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("На завтра", date(2026, 3, 15)),
        ("завтра", date(2026, 3, 15)),
        ("tomorrow", date(2026, 3, 15)),
        ("послезавтра", date(2026, 3, 16)),
        ("післязавтра", date(2026, 3, 16)),
        ("сьогодні", TODAY),
        ("в пятницу", date(2026, 3, 20)),
        ("у п’ятницю", date(2026, 3, 20)),
        ("on Friday", date(2026, 3, 20)),
        ("в субботу", date(2026, 3, 21)),
        ("25 ноября", date(2026, 11, 25)),
        ("25-го ноября", date(2026, 11, 25)),
        ("10 марта", date(2027, 3, 10)),
        ("November 25, 2026", date(2026, 11, 25)),
        ("25.11", date(2026, 11, 25)),
        ("25.11.2026", date(2026, 11, 25)),
        ("2025-11-25", date(2025, 11, 25)),
        ("через 3 дня", date(2026, 3, 17)),
        ("за тиждень", date(2026, 3, 21)),
        ("in two weeks", date(2026, 3, 28)),
        ("29 февраля", date(2028, 2, 29)),
        ("31 февраля", None),
        ("2026-02-31", None),
        ("когда-нибудь", None),
        ("", None),
    ],
)
def test_days_in_words(said: str, meant: date | None) -> None:
    assert real_date(said, TODAY) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("15:00", time(15)),
        ("В 15:00", time(15)),
        ("о 9", time(9)),
        ("at 3 pm", time(15)),
        ("12 am", time(0)),
        ("в 3 часа дня", time(15)),
        ("о 7 годині вечора", time(19)),
        ("9.30", time(9, 30)),
        ("полдень", time(12)),
        ("25:00", None),
        ("12:60", None),
        ("позже", None),
    ],
)
def test_times_in_words(said: str, meant: time | None) -> None:
    assert real_time(said) == meant


def test_a_booking_is_real_in_the_zone_of_its_person() -> None:
    late = datetime(2026, 3, 14, 22, 30, tzinfo=UTC)  # in Kyiv it is Sunday already
    kyiv = ZoneInfo("Europe/Kyiv")
    assert made_real({"date": "завтра", "time": "в 9"}, late, kyiv) == {"date": "2026-03-16", "time": "09:00"}
    for past, field in (
        ({"date": "2026-03-14"}, "date"),
        ({"date": "2026-03-15", "time": "00:10"}, "time"),
        ({"date": "31.02"}, "date"),
        ({"time": "26:00"}, "time"),
    ):
        with pytest.raises(BadState) as refused:
            made_real(past, late, kyiv)
        assert refused.value.params["field"] == field
    assert made_real({"date": "2026-03-15", "time": "00:40"}, late, kyiv)["time"] == "00:40"


def test_the_step_names_what_is_missing() -> None:
    assert next_step({}) == "select_service"
    assert next_step({"service": "x", "date": "y"}) == "select_master"
    assert next_step({"service": "x", "master": "m", "date": "y", "time": "t"}) == "confirm"


@pytest.mark.parametrize(
    "text",
    [
        "да",
        "Да!",
        "ДА, конечно",
        "так",
        "Yes please.",
        "ок 👍",
        "подтверждаю",
        "Так, все правильно",
        "yes, that’s right",
        "Go ahead, please!",
        "Yes, I confirm",
        "да, бронируйте",
        "Так і є, дякую",
    ],
)
def test_yes(text: str) -> None:
    assert says_yes(text, None)
    assert not says_no(text)


@pytest.mark.parametrize(
    "text",
    ["да, но в 16:00", "да?", "👍", "", "нет", "может быть", "записывай на среду", "go", "я", "да, не надо"],
)
def test_not_a_yes(text: str) -> None:
    assert not says_yes(text, None)


def test_only_the_expected_words_count_where_they_are_named() -> None:
    assert says_yes("Подтверждаю!", ["да", "подтверждаю"])
    assert says_yes("go ahead", ["go ahead"])
    assert not says_yes("ok", ["да"])


@pytest.mark.parametrize(
    "text",
    [
        "нет",
        "Ні.",
        "no, thanks",
        "отмена",
        "не надо",
        "нет, спасибо",
        "Нет, не надо.",
        "ні, дякую, не треба",
        "Стоп!",
        "No, thank you!",
        "Не підходить",
        "I changed my mind",
    ],
)
def test_no(text: str) -> None:
    assert says_no(text)


@pytest.mark.parametrize(
    "text", ["не", "нет, лучше в среду", "no?", "да нет", "не надо в среду", "no way but up"]
)
def test_not_a_no(text: str) -> None:
    assert not says_no(text)


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("2", 2), ("2.", 2), ("№3", 3), ("завтра в 10:00", 1), ("пятницу", 3), ("послезавтра", 2),
        ("4", None), ("0", None), ("не в пятницу", None), ("в", None), ("пятницу?", None), ("14 и 16", None),
    ],
)  # fmt: skip
def test_choices(text: str, id_: int | None) -> None:
    option = chosen(text, OPTIONS)
    assert (option and option["id"]) == id_


def test_named_options_are_counted() -> None:
    named = [{"id": "a", "text": "Anna"}, {"id": "b", "text": "Bella"}]
    assert chosen("2", named) == named[1]
    assert chosen("b", [{"id": "b", "text": "b"}]) is not None


def test_patterns_are_linear_and_small() -> None:
    assert check_pattern(PHONE) is None
    for bad in ("(a", "(?=x)", "(((a{1000}){1000}){100})", "x" * 300, "\ud800"):
        assert check_pattern(bad)
    assert matches("(a+)+$", "a" * 900)
    assert not matches("(a+)+$", "a" * 900 + "!")
    assert not matches(".*", "x" * 5000)
    assert not matches("[0-9]{4}", "12345")
    assert not matches(".*", "half a letter \ud83d")


GOOD: list[tuple[str, dict[str, Any]]] = [
    (BOOKING, {"step": "select_date", "service": "Маникюр", "master": None, "note": {"deep": [1, 2]}}),
    (CONFIRMATION, {"question": "?", "booking_details": {}, "expected_response": ["да"]}),
    (CHOICE, {"question": "?", "options": OPTIONS, "context": "time_selection"}),
    (INFO, {"info_type": "phone", "prompt": "?", "validation": PHONE}),
    ("anything else", {}),
]
BAD: list[tuple[str, Any, str]] = [
    (BOOKING, {}, "step"),
    (BOOKING, {"step": "next_step"}, "step"),
    (BOOKING, {"step": "confirm", "date": 25}, "date"),
    (CONFIRMATION, {}, "question"),
    (CONFIRMATION, {"question": "?", "expected_response": "да"}, "expected_response"),
    (CONFIRMATION, {"question": "?", "booking_details": "x"}, "booking_details"),
    (CHOICE, {"question": "?", "options": []}, "options"),
    (CHOICE, {"question": "?", "options": [{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]}, "options"),
    (CHOICE, {"question": "?", "options": ["a"]}, "options"),
    (INFO, {"info_type": "phone"}, "prompt"),
    (INFO, {"info_type": "phone", "prompt": "?", "validation": "(a"}, "validation"),
    ("x", {"big": "ж" * 20_000}, "context_data"),
    ("x", {"n": float("nan")}, "context_data"),
    ("x", {"n": object()}, "context_data"),
    ("x", [1], "context_data"),
    ("", {}, "context_type"),
    ("x" * 65, {}, "context_type"),
    ("a\nb", {}, "context_type"),
]


@pytest.mark.parametrize(("type_", "data"), GOOD)
def test_good_states_stay_as_they_are(type_: str, data: dict[str, Any]) -> None:
    assert checked(type_, data) == data


@pytest.mark.parametrize(("type_", "data", "field"), BAD)
def test_bad_states_are_refused_by_field(type_: str, data: Any, field: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the field tells
        checked(type_, data)
    assert isinstance(refused.value, BadState)
    assert refused.value.params["field"] == field


def test_depth_and_minutes_have_limits() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(BadState):
        checked("x", deep)
    assert [minutes_of(type_, None) for type_ in (BOOKING, CONFIRMATION, CHOICE, INFO, "x")] == [
        30,
        15,
        15,
        30,
        30,
    ]
    assert minutes_of("x", 43_200) == 43_200
    for wrong in (0, -1, 43_201, True, 1.5, "30"):
        with pytest.raises(BadState):
            minutes_of("x", wrong)
