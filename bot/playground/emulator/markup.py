"""Keyboards under messages, checked as the Bot API checks them."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.playground.emulator.errors import bad_request
from bot.playground.store import Json

MAX_CALLBACK_BYTES = 64
MAX_BUTTONS = 100
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "pay",
)


def checked_markup(markup: Json | None, *, inline_only: bool = False) -> Json | None:
    """The reply markup as it is kept, None for an empty keyboard. Raises 400 for what Telegram refuses."""
    if not markup:
        return None
    if "inline_keyboard" not in markup:
        if inline_only:
            raise bad_request("inline keyboard expected")
        _check_reply_keyboard(markup)
        return markup
    rows = [row for row in markup["inline_keyboard"] if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button)
    return {"inline_keyboard": rows} if rows else None


def _check_button(button: Json) -> None:
    if not str(button.get("text", "")).strip():
        raise bad_request("can't parse inline keyboard button: Button text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: a button can do only one thing")
    if "callback_data" in button:
        size = len(str(button["callback_data"]).encode())
        if not 1 <= size <= MAX_CALLBACK_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        parts = urlsplit(str(button["url"]))
        if parts.scheme not in ("http", "https", "tg") or not parts.netloc:
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _check_reply_keyboard(markup: Json) -> None:
    if "keyboard" not in markup:
        return
    for row in markup["keyboard"]:
        for button in row:
            if not str(button.get("text", "")).strip():
                raise bad_request("can't parse keyboard button: Button text must be non-empty")
