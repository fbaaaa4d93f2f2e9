"""Sends and edits one message, and makes sense of what Telegram says to it."""

from __future__ import annotations

import logging
from typing import Final

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, ReactionTypeEmoji, ReplyParameters
from aiogram.types.reaction_type_union import ReactionTypeUnion

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef
from bot.telegram.pace import Pace
from bot.telegram.render import Part
from bot.telegram.session import RawSendMessage, redacted

log = logging.getLogger(__name__)

# Previews fetch what a model wrote, which nobody has clicked on.
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_TRY_AGAIN_SECONDS = 2.0
_MOST_ADAPTIONS = 4
_REACTION_SECONDS = 3
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


def failure_of(error: TelegramAPIError) -> DeliveryError:
    """What a refusal means for the one who delivers: worth another try, or not."""
    text = redacted(error.message)
    if isinstance(error, TelegramRetryAfter):
        return DeliveryError(text, retry_after=float(error.retry_after))
    if isinstance(error, TelegramServerError | TelegramNetworkError):
        return DeliveryError(text, retry_after=_TRY_AGAIN_SECONDS)
    return DeliveryError(text)


class Writer:
    """Writes into one chat, adapting to what Telegram refuses: markup, a lost topic, a lost original."""

    def __init__(self, bot: Bot, pace: Pace, chat: ChatRef, reply_to: str | None = None) -> None:
        self._bot = bot
        self._pace = pace
        self.chat_id = int(chat.external_id)
        self.private = chat.private
        self.topic_id = chat.topic_id
        self.reply_to = int(reply_to) if reply_to else None

    async def send(self, part: Part, keyboard: InlineKeyboardMarkup | None = None) -> int | None:
        """Send a message; its id, or None when it was accepted with an unreadable answer.

        Raises DeliveryError.
        """
        bare = False
        for _ in range(_MOST_ADAPTIONS):
            await self._turn()
            try:
                result = await self._bot(self._message(part, keyboard, bare))
                return int(result["message_id"])  # type: ignore[index] # RawSendMessage returns JSON
            except (ClientDecodeError, KeyError, TypeError):
                log.warning("chat %s: a message was accepted with an unreadable answer", self.chat_id)
                return None
            except TelegramMigrateToChat as error:
                self._move(error)
            except TelegramBadRequest as error:
                bare = self._adapt(error, bare)
            except TelegramAPIError as error:
                self._note(error)
                raise failure_of(error) from None
        raise DeliveryError("Telegram refused every form of the message")

    async def edit(self, message_id: int, part: Part, keyboard: InlineKeyboardMarkup | None = None) -> bool:
        """Make a message show this; False when it no longer exists. Raises DeliveryError."""
        bare = False
        for _ in range(_MOST_ADAPTIONS):
            await self._turn()
            try:
                await self._bot.edit_message_text(
                    part.text,
                    chat_id=self.chat_id,
                    message_id=message_id,
                    entities=None if bare else part.telegram_entities(),
                    parse_mode=None,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard,
                )
            except ClientDecodeError:
                return True
            except TelegramMigrateToChat as error:
                self._move(error)  # messages of the old group stay there
                return False
            except TelegramBadRequest as error:
                said = error.message.lower()
                if "message is not modified" in said:
                    return True
                if any(reason in said for reason in _GONE):
                    return False
                bare = self._adapt(error, bare)
            except TelegramAPIError as error:
                self._note(error)
                raise failure_of(error) from None
            else:
                return True
        raise DeliveryError("Telegram refused every form of the edit")

    async def delete(self, message_id: int) -> None:
        """Delete a message if that still can be done."""
        try:
            await self._turn()
            await self._bot.delete_message(self.chat_id, message_id)
        except (TelegramAPIError, ClientDecodeError, DeliveryError) as error:
            log.info("chat %s: a message was not deleted: %s", self.chat_id, redacted(str(error)))

    async def react(self, message_id: int, emoji: str) -> None:
        """Put a reaction under a message, if this chat allows it."""
        if self._pace.held(self.chat_id):
            return
        reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)]
        try:
            await self._bot.set_message_reaction(
                self.chat_id, message_id, reaction, request_timeout=_REACTION_SECONDS
            )
        except (TelegramAPIError, ClientDecodeError) as error:
            if isinstance(error, TelegramAPIError):
                self._note(error)
            log.info("chat %s: no reaction: %s", self.chat_id, redacted(str(error)))

    async def typing(self) -> None:
        """Show that an answer is being written; a failure of this is no failure."""
        try:
            await self._bot.send_chat_action(self.chat_id, "typing", message_thread_id=self.topic_id)
        except (TelegramAPIError, ClientDecodeError) as error:
            if isinstance(error, TelegramAPIError):
                self._note(error)

    async def draft(self, draft_id: int, part: Part) -> None:
        """Show the answer so far as a draft, which its reader can stop. Raises DeliveryError."""
        try:
            await self._bot.send_message_draft(
                chat_id=self.chat_id,
                draft_id=draft_id,
                text=part.text,
                entities=part.telegram_entities(),
                message_thread_id=self.topic_id,
                parse_mode=None,
                can_stop=True,
            )
        except TelegramAPIError as error:
            self._note(error)
            raise failure_of(error) from None

    async def _turn(self) -> None:
        """Wait for a place in the flow. Raises DeliveryError while Telegram wants silence in this chat."""
        if not self._pace.held(self.chat_id):
            await self._pace.turn(self.chat_id)
        if seconds := self._pace.held(self.chat_id):
            raise DeliveryError("Telegram asked for silence in this chat", retry_after=seconds)

    def _message(self, part: Part, keyboard: InlineKeyboardMarkup | None, bare: bool) -> RawSendMessage:
        reply = None
        if self.reply_to is not None:
            reply = ReplyParameters(message_id=self.reply_to, allow_sending_without_reply=True)
        return RawSendMessage(
            chat_id=self.chat_id,
            text=part.text,
            entities=None if bare else part.telegram_entities(),
            parse_mode=None,
            link_preview_options=_NO_PREVIEW,
            message_thread_id=self.topic_id,
            reply_parameters=reply,
            reply_markup=keyboard,
        )

    def _adapt(self, error: TelegramBadRequest, bare: bool) -> bool:
        """Give up what was refused and say whether entities are left out now. Raises DeliveryError."""
        said = error.message.lower()
        if "parse" in said and not bare:
            log.warning("Telegram refused our entities: %s", error.message)
            return True
        if "repl" in said and "not found" in said and self.reply_to is not None:
            self.reply_to = None
        elif ("thread not found" in said or "topic_" in said) and self.topic_id is not None:
            self.topic_id = None
        else:
            raise failure_of(error) from None
        return bare

    def _move(self, error: TelegramMigrateToChat) -> None:
        self.chat_id = error.migrate_to_chat_id
        self.reply_to = None

    def _note(self, error: TelegramAPIError) -> None:
        if isinstance(error, TelegramRetryAfter):
            self._pace.hold(self.chat_id, float(error.retry_after))
