"""What stands below an answer, in the reader's language: marks, notices, and why there is no answer."""

from __future__ import annotations

from bot.core.messages import Notice, Reply
from bot.core.text import one_line
from bot.telegram.i18n import Translator

_NOTICE_LIMIT = 300


def footer_lines(reply: Reply, t: Translator) -> list[str]:
    """The lines below the answer's text, in their order."""
    lines = [notice_line(notice, t) for notice in reply.notices]
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
        case "lacks" if notice.text == "images":
            return t("👁 The model that answers here cannot see pictures.")
        case "lacks":
            return t("🧰 The model that answers here cannot use tools, so it remembers no facts by itself.")


def error_line(reply: Reply, t: Translator) -> str:
    """Why there is no (whole) answer and what to do; an unknown reason is still a sentence."""
    key = reply.error_key or "error.internal"
    return t(key if t.knows(key) else "error.internal", **reply.params)
