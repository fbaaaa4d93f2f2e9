"""A finished reply as the parts that its reader sees."""

from __future__ import annotations

from bot.core.messages import Notice, Reply
from bot.core.text import one_line
from bot.telegram.i18n import Translator
from bot.telegram.render import Part, plain, render

_NOTICE_LIMIT = 300


def answer_parts(reply: Reply, t: Translator) -> list[Part]:
    """The answer with its notices below; never empty."""
    footer = [notice_line(notice, t) for notice in reply.notices]
    if reply.stopped:
        footer.insert(0, t("⏹ Stopped."))
    elif reply.cut:
        footer.insert(0, t("✂️ This answer was cut off. Ask me to go on."))
    if reply.error_key is not None:
        footer.append(error_line(reply, t))
    if not reply.text.strip() and len(footer) == 1:
        return plain(footer[0])
    return render(reply.text, footer) or plain(t("error.llm.bad_response"))


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


def error_line(reply: Reply, t: Translator) -> str:
    """Why there is no (whole) answer and what to do; an unknown reason is still a sentence."""
    key = reply.error_key or "error.internal"
    return t(key if t.knows(key) else "error.internal", **reply.params)
