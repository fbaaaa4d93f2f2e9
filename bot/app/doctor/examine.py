"""All looks of the doctor, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.app.doctor.check import Check
from bot.app.doctor.house import (
    look_at_backups,
    look_at_database,
    look_at_disk,
    look_at_folder,
    look_at_prompt,
)
from bot.app.doctor.model import look_at_model
from bot.app.doctor.telegram import look_at_telegram
from bot.core.clock import SystemClock
from bot.core.ports import Clock
from bot.settings import Settings


async def examine(settings: Settings, clock: Clock | None = None, timeout: float = 30.0) -> Sequence[Check]:
    """Look at everything; `timeout` is in seconds, for each question put to the model.

    Asks the model two tiny questions, which cost what they cost. Changes nothing.
    """
    telegram, model, database, prompt = await asyncio.gather(
        look_at_telegram(settings, clock or SystemClock()),
        look_at_model(settings, timeout),
        look_at_database(settings),
        look_at_prompt(settings),
    )
    folder = [
        look_at_folder(settings.data_dir),
        look_at_disk(settings.data_dir),
        await asyncio.to_thread(look_at_backups, settings, clock or SystemClock()),
    ]
    return [*telegram, *model, *database, *folder, *prompt]
