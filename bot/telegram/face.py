"""The Telegram face as the composition root builds it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import User
from aiogram.utils.token import TokenValidationError

from bot.core.errors import ConfigError
from bot.core.nursery import Nursery
from bot.core.ports import Clock
from bot.core.views import BotIdentity
from bot.services.memories import Memories
from bot.telegram.addressing import Addressing
from bot.telegram.desk import Desk
from bot.telegram.dispatcher import build_dispatcher, handle_update
from bot.telegram.doorman import Doorman
from bot.telegram.files import TelegramFiles
from bot.telegram.handlers.commands import COMMANDS
from bot.telegram.intake import Intake
from bot.telegram.last_word import last_word
from bot.telegram.menu import publish_menu
from bot.telegram.own_data import OwnData
from bot.telegram.pace import Pace
from bot.telegram.poller import BAD_TOKEN, HANDLED_UPDATES, Poller
from bot.telegram.ports import (
    Access,
    Awaiting,
    CatchUps,
    Chats,
    ChatSettings,
    Conversations,
    Dialogue,
    Enqueue,
    HouseRules,
    Incognito,
    Insight,
    OnIdentity,
    Profiles,
    Statistics,
    TalkSearch,
    Turns,
)
from bot.telegram.promised import Promises
from bot.telegram.racing import pause
from bot.telegram.reading import Documents
from bot.telegram.session import BotSession, redacted
from bot.telegram.streaming import Rhythm, StreamMode, TelegramSinks

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """What the settings say about Telegram."""

    token: str
    api_url: str | None = None
    names: tuple[str, ...] = ()
    stream_mode: StreamMode = "edit"
    default_language: str = "en"
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms below, as this face sees them."""

    turns: Turns
    memories: Memories
    conversations: Conversations
    access: Access
    chats: Chats
    enqueue: Enqueue
    on_identity: OnIdentity
    profiles: Profiles
    awaiting: Awaiting
    chat_settings: ChatSettings
    insight: Insight
    search: TalkSearch
    incognito: Incognito
    house: HouseRules
    documents: Documents | None = None
    dialogue: Dialogue | None = None
    own_data: OwnData | None = None
    catch_ups: CatchUps | None = None
    statistics: Statistics | None = None


class TelegramFace:
    """One bot account: takes updates in, handles them, and shows answers."""

    def __init__(self, settings: FaceSettings, rooms: Rooms, clock: Clock, nursery: Nursery) -> None:
        """Raises ConfigError for a malformed token."""
        try:
            self.bot = Bot(settings.token, session=BotSession(settings.api_url))
        except TokenValidationError:
            raise ConfigError("BOT_TOKEN is malformed: copy the whole line from @BotFather.") from None
        # One line an update at INFO, with nothing in it that our own log does not say.
        logging.getLogger("aiogram.event").setLevel(logging.WARNING)
        self._settings = settings
        self._rooms = rooms
        self._nursery = nursery
        self._pace = Pace(clock)
        self._doorman = Doorman(clock)
        self._dispatcher: Dispatcher | None = None
        self.intake = Intake(self.bot.id, rooms.enqueue)
        self.files = TelegramFiles(self.bot)
        self.promises = Promises(self.bot, self._pace, rooms.turns)
        self.sinks = TelegramSinks(
            self.bot,
            rooms.turns,
            clock,
            nursery,
            self._pace,
            mode=settings.stream_mode,
            rhythm=settings.rhythm,
        )

    async def start(self, stop: asyncio.Event | None = None) -> None:
        """Learn who the bot is, waiting for Telegram if it is out of reach, and publish the menu.

        Raises ConfigError when Telegram refuses the token.
        """
        me = await self._who_am_i(stop or asyncio.Event())
        if me is None:
            return
        identity = BotIdentity(name=me.first_name, username=me.username or "", external_id=str(me.id))
        self._rooms.on_identity(identity)
        self._dispatcher = build_dispatcher(self._desk(identity, me), self._doorman)
        self._nursery.start(publish_menu(self.bot, self._settings.default_language), "command menu")
        log.info("@%s is known to Telegram", identity.username)

    async def poll(self, stop: asyncio.Event) -> None:
        """Fetch updates until `stop` is set. Raises ConfigError when Telegram refuses the token."""
        await Poller(self.bot, self.intake.accept).run(stop)

    async def use_webhook(self, url: str, secret: str, stop: asyncio.Event | None = None) -> None:
        """Ask Telegram to post updates to `url`, again and again while it is out of reach.

        What waits there is kept. Raises ConfigError if it refuses.
        """
        stop, seconds = stop or asyncio.Event(), _FIRST_PAUSE
        while not stop.is_set():
            try:
                await self.bot.set_webhook(
                    url, secret_token=secret, allowed_updates=HANDLED_UPDATES, drop_pending_updates=False
                )
            except (
                TelegramNetworkError,
                TelegramServerError,
                TelegramRetryAfter,
                ClientDecodeError,
            ) as error:
                log.warning("webhook not set, next try in %.0f s: %s", seconds, redacted(str(error)))
                seconds = await self._pause(seconds, stop)
            except TelegramAPIError as error:
                raise ConfigError(f"Telegram refused WEBHOOK_URL: {redacted(error.message)}") from None
            else:
                return

    async def handle_update(self, payload: dict[str, Any], job_id: int) -> None:
        """Do one "telegram.update" job; the job's id makes its answers unrepeatable."""
        if self._dispatcher is None:
            raise RuntimeError("the face is not started")
        await handle_update(self._dispatcher, self.bot, payload, key=f"u:{job_id}")

    async def give_up_update(self, payload: dict[str, Any], job_id: int, *, unreadable: bool) -> None:
        """Tell the one who waits that a "telegram.update" job ended without an answer."""
        if self._dispatcher is not None:
            await last_word(payload, self._dispatcher["desk"], f"last:{job_id}", unreadable=unreadable)

    async def close(self) -> None:
        """Close the connections to Telegram."""
        await self.bot.session.close()

    def _desk(self, identity: BotIdentity, me: User) -> Desk:
        rooms = self._rooms
        return Desk(
            bot=self.bot,
            identity=identity,
            addressing=Addressing(identity, self._settings.names, COMMANDS),
            pace=self._pace,
            turns=rooms.turns,
            memories=rooms.memories,
            conversations=rooms.conversations,
            access=rooms.access,
            chats=rooms.chats,
            profiles=rooms.profiles,
            awaiting=rooms.awaiting,
            chat_settings=rooms.chat_settings,
            insight=rooms.insight,
            search=rooms.search,
            incognito=rooms.incognito,
            house=rooms.house,
            default_language=self._settings.default_language,
            reads_groups=bool(me.can_read_all_group_messages),
            documents=rooms.documents,
            dialogue=rooms.dialogue,
            own_data=rooms.own_data,
            catch_ups=rooms.catch_ups,
            statistics=rooms.statistics,
        )

    async def _who_am_i(self, stop: asyncio.Event) -> User | None:
        seconds = _FIRST_PAUSE
        while not stop.is_set():
            try:
                return await self.bot.get_me()
            except (TelegramUnauthorizedError, TelegramNotFound):
                raise ConfigError(BAD_TOKEN) from None
            except (TelegramAPIError, ClientDecodeError) as error:
                why = redacted(str(error))
                log.warning("Telegram is out of reach, next try in %.0f s: %s", seconds, why)
            seconds = await self._pause(seconds, stop)
        return None

    @staticmethod
    async def _pause(seconds: float, stop: asyncio.Event) -> float:
        """Wait before the next try; returns how long to wait after it."""
        await pause(seconds, stop)
        return min(seconds * 2, _LONGEST_PAUSE)
