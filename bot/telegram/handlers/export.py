"""Everything of a person's as files: one to read, one for another instance."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import FSInputFile

from bot.core.errors import DeliveryError, NotFound
from bot.core.messages import ChatRef
from bot.services.transfer.writing import FORMATS, Format, write
from bot.telegram.desk import Ask, Desk
from bot.telegram.writer import failure_of

_LARGEST = 49_000_000
"""Bytes of a file that a bot may send."""


async def export(ask: Ask, desk: Desk) -> None:
    """Send the files in private; with a format behind the command only that one."""
    if desk.own_data is None:
        return None
    wanted = [format_ for format_ in FORMATS if format_ == ask.rest.strip().lower()] or ["html", "json"]
    private = ChatRef(external_id=ask.person.external_id, type="private")
    try:
        with tempfile.TemporaryDirectory(prefix="mnema-export-") as folder:
            for format_ in wanted:
                await _send(ask, desk, private, Path(folder), format_)
    except NotFound:
        return await ask.replier.send(ask.t("I know nothing about you."))
    except DeliveryError as error:
        if error.retry_after is not None or ask.chat.private:
            raise
        return await ask.replier.send(ask.t("I may not write to you privately yet. Press Start there."))
    if not ask.chat.private:
        await ask.replier.send(ask.t("I have sent it to you privately."))
    return None


async def _send(ask: Ask, desk: Desk, private: ChatRef, folder: Path, format_: Format) -> None:
    key = f"{ask.key}:export:{format_}"
    if desk.own_data is None or await desk.turns.reply_state(key) is not None:
        return None
    file = folder / f"mnema-{ask.message.date:%Y-%m-%d}.{format_}"
    with file.open("w", encoding="utf-8", errors="replace") as out:
        async for piece in write(await desk.own_data.exports.of_person(ask.person), format_):
            out.write(piece)
    if file.stat().st_size > _LARGEST:
        file = _packed(file)
    if file.stat().st_size > _LARGEST:
        said = ask.t("Your export is too large for Telegram. The owner of this bot can give it to you.")
        return await ask.replier.send(said)
    try:
        sent = await desk.bot.send_document(int(private.external_id), FSInputFile(file))
        ids: tuple[str, ...] = (str(sent.message_id),)
    except ClientDecodeError:
        ids = ()  # accepted, with an answer that nobody can read
    except TelegramAPIError as error:
        raise failure_of(error) from None
    await desk.turns.note_reply(key, private, ids)
    return None


def _packed(file: Path) -> Path:
    packed = file.with_name(f"{file.name}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
    return packed
