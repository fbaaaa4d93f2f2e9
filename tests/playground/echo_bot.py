"""A small bot that talks to the emulator over HTTP as any bot would."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

COMMANDS = {
    "": [
        {"command": "memories", "description": "What I remember about you"},
        {"command": "new", "description": "Start a new conversation"},
    ],
    "uk": [{"command": "memories", "description": "Що я про вас пам'ятаю"}],
}
DRAFT = "Once upon a time"
STEPS = ("It grows", "It grows and grows", "It grows and grows until it is done.")


class EchoBot:
    """Answers every message by its first word."""

    def __init__(self, base: str, token: str) -> None:
        self._base = f"{base}/telegram/bot{token}"
        self._session = aiohttp.ClientSession()

    async def run(self) -> None:
        """Set the commands, then poll until cancelled."""
        async with self._session:
            for language, commands in COMMANDS.items():
                await self.call("setMyCommands", commands=commands, language_code=language)
            offset = 0
            while True:
                for update in await self.call("getUpdates", offset=offset, timeout=20):
                    offset = update["update_id"] + 1
                    await self._take(update)

    async def call(self, method: str, **params: Any) -> Any:
        """One Bot API request; its result."""
        async with self._session.post(f"{self._base}/{method}", json=params) as response:
            answer = await response.json()
        assert answer["ok"], answer
        return answer["result"]

    async def _take(self, update: dict[str, Any]) -> None:
        if query := update.get("callback_query"):
            await self._pressed(query)
        if stopped := update.get("stopped_message_generation"):
            await self.call("sendMessage", chat_id=stopped["chat"]["id"], text=f"kept: {DRAFT}")
        message = update.get("message")
        if message and "from" in message and (message.get("text") or message.get("photo")):
            await self._answer(message)

    async def _pressed(self, query: dict[str, Any]) -> None:
        loud = query["data"] == "alert"
        text = f"{query['from']['first_name']} pressed {query['data']}"
        await self.call("answerCallbackQuery", callback_query_id=query["id"], text=text, show_alert=loud)
        place = query["message"]
        await self.call(
            "editMessageText",
            chat_id=place["chat"]["id"],
            message_id=place["message_id"],
            text=f"{text}.",
            reply_markup=place["reply_markup"],
        )

    async def _answer(self, message: dict[str, Any]) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        if text == "grow":
            await self._grow(chat)
        elif text == "draft":
            for frame in ("", DRAFT):
                await self.call("sendMessageDraft", chat_id=chat, draft_id=5, text=frame, can_stop=True)
                await asyncio.sleep(0.4)
        elif text == "buttons":
            row = [{"text": word, "callback_data": word} for word in ("notice", "alert")]
            await self.call(
                "sendMessage", chat_id=chat, text="Choose.", reply_markup={"inline_keyboard": [row]}
            )
        elif text == "format":
            await self.call("sendMessage", chat_id=chat, parse_mode="HTML", text=FORMATTED)
        elif message.get("photo"):
            await self.call("sendMessage", chat_id=chat, text="A picture!")
        else:
            reply = {"message_id": message["message_id"]}
            await self.call("sendMessage", chat_id=chat, text=f"echo: {text}", reply_parameters=reply)

    async def _grow(self, chat: int) -> None:
        await self.call("sendChatAction", chat_id=chat, action="typing")
        await asyncio.sleep(0.4)
        sent = await self.call("sendMessage", chat_id=chat, text=STEPS[0])
        for step in STEPS[1:]:
            await asyncio.sleep(0.1)
            await self.call("editMessageText", chat_id=chat, message_id=sent["message_id"], text=step)


FORMATTED = (
    "<b>bold <i>both</i></b> <u>under</u> <s>gone</s> <code>a &lt; b</code> "
    '<a href="https://example.com/">link</a> <tg-spoiler>secret</tg-spoiler>'
    '<pre><code class="language-python">print("&lt;img src=x onerror=alert(1)&gt;")</code></pre>'
    "<blockquote>quoted</blockquote>"
)
