"""What stands below an answer, in the reader's language: marks, notices, and why there is no answer."""

from __future__ import annotations

from bot.core.messages import Notice, Reply
from bot.core.text import one_line
from bot.memory.gates import FACT_LENGTH, Refused
from bot.services.dialogue.pending import QUESTIONS
from bot.telegram.i18n import Translator

_NOTICE_LIMIT = 300


def footer_lines(reply: Reply, t: Translator) -> list[str]:
    """The lines below the answer's text, in their order."""
    lines = [notice_line(notice, t) for notice in reply.notices if notice.kind not in QUESTIONS]
    if reply.stopped:
        lines.insert(0, t("⏹ Stopped."))
    elif reply.cut:
        lines.insert(0, t("✂️ This answer was cut off. Ask me to go on."))
    if reply.error_key is not None:
        lines.append(error_line(reply, t))
    return lines


def notice_line(notice: Notice, t: Translator) -> str:
    """What code has done, in one line."""
    text = one_line(notice.text, _NOTICE_LIMIT)
    match notice.kind:
        case "remembered":
            return t("🧠 Remembered: {text}", text=text)
        case "updated":
            return t("🧠 Updated: {text}", text=text)
        case "refused":
            return t("⚠️ Not remembered: {text}", text=text)
        case "proposed":
            return t("🤔 Shall I remember: {text}?", text=text)
        case "booked":
            return t("📅 Booked: {text}", text=text)
        case "choice" | "confirm":
            return text
        case "lacks" if notice.text == "images":
            return t("👁 The model that answers here cannot see pictures.")
        case "lacks":
            return t("🧰 The model that answers here cannot use tools, so it remembers no facts by itself.")


def error_line(reply: Reply, t: Translator) -> str:
    """Why there is no (whole) answer and what to do; an unknown reason is still a sentence."""
    key = reply.error_key or "error.internal"
    return t(key if t.knows(key) else "error.internal", **reply.params)


def refusal_line(error: Refused, t: Translator) -> str:
    """Why a fact is not kept, and what to do about it."""
    reasons = {
        "empty": t("There are no words in it to remember."),
        "long": t(
            "That is too long to remember: at most {limit} characters. Say it shorter.", limit=FACT_LENGTH
        ),
        "link": t("I remember no links. Say it without the link."),
        "order": t(
            "I remember what is so about you, not orders. Tell me what you like: /settings sets how I answer."
        ),
        "role": t("I do not remember text that speaks as the system or as me."),
        "foreign": t("I remember only what you say yourself. Put it into your own words behind the command."),
        "quote": t("I remember only what you say yourself. Put it into your own words behind the command."),
        "full": t(
            "My memory of you is full and everything is pinned. Unpin or forget something in /memories."
        ),
        "replaced": t("Something newer has taken its place. Forget that first, in /memories."),
        "known": t("Another fact says that already."),
        "paused": t("Your memory is paused. Send /pause to go on, then tell me again."),
        "incognito": t("We are incognito: I remember nothing from here. End it with /incognito."),
    }
    return reasons.get(error.reason) or t("error.fact_refused")
