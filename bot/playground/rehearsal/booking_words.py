"""What people and the rehearsal model say about an appointment, in the three languages."""

from __future__ import annotations

import re

from bot.playground.rehearsal.language import Language

_WANTED = re.compile(
    r"\b(?:book (?:me|a|an|the)\b|make an appointment|(?:an|my) appointment|записатися|записатись"
    r"|запишіть мене|запиши мене|записаться|запишите меня|запиши меня)",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"\b(?:book (?:me )?(?:in )?(?:for )?(?:an? |the )?|appointment for (?:an? |the )?"
    r"|(?:записатися|записатись|запишіть мене|запиши мене|записаться|запишите меня|запиши меня)"
    r"\s+(?:на|до)\s+)"
    r"(?P<service>[^\d.,!?]{3,60})",
    re.IGNORECASE,
)
_BEFORE = {
    "service": re.compile(r"^(?:на|for|an?|the)\s+", re.IGNORECASE),
    "master": re.compile(r"^(?:к|ко|до|у|to|with)\s+", re.IGNORECASE),
    "date": re.compile(r"(?!)"),
    "time": re.compile(r"(?!)"),
}
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}\s*[ap]m\b", re.IGNORECASE)
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|evening|day)|привіт|вітаю|доброго дня|привет"
    r"|здравствуй\w*|добрый день)\W*$",
    re.IGNORECASE,
)
_MOST_WORDS = 6

_SENTENCES: dict[str, tuple[str, str, str]] = {
    "select_service": ("What would you like to book?", "На що вас записати?", "На что вас записать?"),
    "select_master": (
        "Great! Which master would you like?",
        "Чудово! До якого майстра хочете записатися?",
        "Отлично! К какому мастеру хотите записаться?",
    ),
    "select_date": ("For which day?", "Супер! На яку дату?", "Супер! На какую дату?"),
    "select_time": ("What time suits you?", "О котрій вам зручно?", "В какое время удобно?"),
    "phone": (
        "What phone number can we reach you at?",
        "Підкажіть ваш номер телефону для зв'язку.",
        "Подскажите ваш номер телефона для связи.",
    ),
    "confirm": (
        "I am booking: {booking}. Do you confirm?",
        "Записую: {booking}. Підтверджуєте?",
        "Записываю: {booking}. Подтверждаете?",
    ),
    "booked": ("Great! The booking is made!", "Чудово! Запис створено!", "Отлично! Запись создана!"),
    "dropped": (
        "All right, nothing was booked.",
        "Гаразд, нічого не записано.",
        "Хорошо, ничего не записано.",
    ),
    "go_on": (
        "Hello! Shall we go on with your booking?",
        "Привіт! Продовжимо запис?",
        "Привет! Продолжим запись?",
    ),
    "unfit": ("That does not fit ({why}).", "Це не підходить ({why}).", "Это не подходит ({why})."),
}
_COLUMN = {"en": 0, "uk": 1, "ru": 2}


def say(language: Language, key: str, **values: str) -> str:
    """A sentence in a language; values enter as inert text."""
    return _SENTENCES[key][_COLUMN[language]].format(**values)


def wanted(text: str) -> bool:
    """Whether somebody asks for an appointment."""
    return bool(_WANTED.search(text))


def service_in(text: str) -> str | None:
    """What the appointment is for, as far as the message says."""
    found = _SERVICE.search(text)
    if found is None:
        return None
    service = re.split(r"\s+(?:к|до|у|with|на|at|on|for)\s+", found["service"].strip(), maxsplit=1)[0]
    return service[:1].upper() + service[1:] if service else None


def answer_in(text: str, field: str, *, strict: bool) -> str | None:
    """The answer to a question for a field; None for a question, a greeting or a longer talk.

    With `strict` only a time of day counts: then nothing but a correction is expected.
    """
    plain = text.strip(" \t\n.,!")
    if strict:
        clock = _CLOCK.search(plain)
        return clock[0] if clock else None
    if not plain or "?" in text or greeting(text) or len(plain.split()) > _MOST_WORDS:
        return None
    return _BEFORE[field].sub("", plain)


def greeting(text: str) -> bool:
    """Whether a text is nothing but a greeting."""
    return bool(_GREETING.match(text))
