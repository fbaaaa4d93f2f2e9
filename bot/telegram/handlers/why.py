"""/why: what an answer knew, told to those who may know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from telegramify_markdown import MessageEntity as Span
from telegramify_markdown import utf16_len

from bot.core.text import one_line
from bot.services.accounts import FactUsed, KnowledgeUsed, MessageUsed, ReplyTrace
from bot.telegram.desk import Ask, Desk
from bot.telegram.i18n import Translator
from bot.telegram.render import Part, clean

_LINK = "🔗"
_PRIVATE_ITEMS, _GROUP_ITEMS = 10, 5
"""Facts that are named one by one; in a group everybody has to scroll past them."""

_OTHER_ITEMS = 5
_TEXT, _QUOTE = 150, 80


async def why(ask: Ask, desk: Desk) -> None:
    """Tell it of the answer that is replied to, else of the asker's last one here."""
    replied = ask.message.reply_to_message
    if replied is not None and replied.forum_topic_created:
        replied = None  # within a topic every message hangs below its beginning
    external_id = str(replied.message_id) if replied is not None else None
    trace = await desk.insight.trace_here(ask.person, ask.chat, external_id)
    if trace is None:
        text = ask.t(
            "I have no record of this. Reply with /why to an answer of mine, or ask me something first."
        )
        return await ask.replier.send(text)
    return await ask.replier.send(account(ask.t, trace, private=ask.chat.private))


def account(t: Translator, trace: ReplyTrace, *, private: bool) -> Part:
    """The whole account as one message."""
    page = _Page(t, ZoneInfo(trace.zone))
    page.line(t("🔎 What I knew for this answer"))
    if trace.own:
        page.facts(trace.facts, trace.hidden, _PRIVATE_ITEMS if private else _GROUP_ITEMS)
    else:
        page.line(t("🔒 It was for somebody else: what I know about them stays between us."))
    page.messages([m for m in trace.messages if m.layer != "replied"])
    page.talk(trace)
    page.documents(trace.knowledge)
    if trace.tools:
        names = ", ".join(dict.fromkeys(tool.name for tool in trace.tools))
        page.line(t("🧰 Tools: {names}", names=one_line(names, _TEXT)))
    if trace.model:
        page.line(_model_line(trace))
    return page.part()


def _model_line(trace: ReplyTrace) -> str:
    took = f" · {trace.seconds:.1f} s" if trace.seconds is not None else ""
    return f"⚙️ {one_line(trace.model or '', 60)}{took}"


class _Page:
    """A message that grows line by line; addresses hide behind a sign, so that lines stay short."""

    def __init__(self, t: Translator, zone: ZoneInfo) -> None:
        self._t = t
        self._zone = zone
        self._text = ""
        self._links: list[Span] = []

    def part(self) -> Part:
        """What was written."""
        return Part(self._text.rstrip("\n"), tuple(self._links))

    def line(self, text: str, link: str | None = None) -> None:
        """Write a line, with the sign of a link behind it."""
        self._text += clean(text)
        if link is not None:
            self._text += " "
            self._links.append(Span("text_link", utf16_len(self._text), utf16_len(_LINK), url=link))
            self._text += _LINK
        self._text += "\n"

    def facts(self, facts: Sequence[FactUsed], hidden: int, most: int) -> None:
        """What was known about the asker, each with the day it was said."""
        t = self._t
        if not facts and not hidden:
            return self.line(t("🧠 I remembered nothing about you."))
        self.line(
            t.n(
                "🧠 {count} thing I remember about you:",
                "🧠 {count} things I remember about you:",
                len(facts),
            )
        )
        for fact in facts[:most]:
            link = fact.source.link if fact.source else None
            quote = f" «{one_line(fact.quote, _QUOTE)}»" if fact.quote and link is None else ""
            said = t("said {day}", day=self._day(fact.said_at))
            self.line(f"• {one_line(fact.text or '', _TEXT)} ({said}){quote}", link)
        self._more(len(facts) - most, "/memories")
        if hidden:
            self.line(t.n("• {count} that I do not show here", "• {count} that I do not show here", hidden))
        return None

    def messages(self, messages: Sequence[MessageUsed]) -> None:
        """Which earlier messages came to mind."""
        if not messages:
            return
        t = self._t
        self.line(t("💬 Earlier messages that came to mind:"))
        for message in messages[:_OTHER_ITEMS]:
            words = one_line(message.text or "", _QUOTE)
            speaker = (message.speaker or "?").partition(" (")[0]
            self.line(f"• {one_line(speaker, 40)}, {self._day(message.sent_at)}: «{words}»", message.link)
        self._more(len(messages) - _OTHER_ITEMS)

    def talk(self, trace: ReplyTrace) -> None:
        """The window and the summaries."""
        t, history = self._t, trace.history
        if history.count and history.since:
            since = self._day(history.since)
            self.line(
                t.n(
                    "📜 The last {count} message of this conversation, since {day}",
                    "📜 The last {count} messages of this conversation, since {day}",
                    history.count,
                    day=since,
                )
            )
        known = {
            "conversation": t("this conversation so far"), "recent": t("the last 7 days"),
            "long": t("the last 30 days"),
        }  # fmt: skip
        names = [known[kind] for kind in trace.summaries if kind in known]
        if names:
            self.line(t("📝 Summaries: {names}", names=", ".join(names)))

    def documents(self, passages: Sequence[KnowledgeUsed]) -> None:
        """Which documents were at hand, with their pages."""
        t = self._t
        cited: dict[str, list[str]] = {}
        for passage in passages:
            pages = cited.setdefault(one_line(passage.title or "", 60), [])
            if passage.page is not None and str(passage.page) not in pages:
                pages.append(str(passage.page))
        for title, pages in list(cited.items())[:_OTHER_ITEMS]:
            on = t(", p. {pages}", pages=", ".join(pages)) if pages else ""
            self.line(f"📚 {title}{on}")

    def _more(self, count: int, where: str = "") -> None:
        if count > 0:
            tail = f": {where}" if where else ""
            self.line(self._t.n("• and {count} more", "• and {count} more", count) + tail)

    def _day(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d}"
