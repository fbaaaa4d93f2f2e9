"""A finished reply as the parts that its reader sees."""

from __future__ import annotations

from bot.core.messages import Reply
from bot.telegram.i18n import Translator
from bot.telegram.render import Part, plain, render
from bot.telegram.wording import footer_lines


def answer_parts(reply: Reply, t: Translator) -> list[Part]:
    """The answer with its notices below; never empty."""
    footer = footer_lines(reply, t)
    if not reply.text.strip() and len(footer) == 1:
        return plain(footer[0])
    return render(reply.text, footer) or plain(t("error.llm.bad_response"))
