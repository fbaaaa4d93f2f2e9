"""mnema run and mnema playground."""

from __future__ import annotations

import asyncio

from bot.cli.starting import start


def run() -> None:
    """Start the bot: at Telegram with BOT_TOKEN, otherwise the playground with the same bot inside."""
    settings = start()
    if settings.bot_token is None:
        from bot.app.playing import run_playground

        asyncio.run(run_playground(settings))
    else:
        from bot.app.running import run_bot

        asyncio.run(run_bot(settings))


def playground() -> None:
    """Start the playground: the whole product with no account anywhere."""
    from bot.app.playing import run_playground

    asyncio.run(run_playground(start()))
