"""mnema run and mnema playground."""

from __future__ import annotations

from bot.app.together import run_process
from bot.cli.starting import start
from bot.core.importing import importing


def run() -> None:
    """Start the bot: at Telegram with BOT_TOKEN, otherwise the playground with the same bot inside."""
    settings = start()
    if settings.bot_token is None:
        with importing():
            from bot.app.playing import run_playground

        run_process(run_playground(settings))
    else:
        with importing():
            from bot.app.running import run_bot

        run_process(run_bot(settings))


def playground() -> None:
    """Start the playground: the whole product with no account anywhere."""
    with importing():
        from bot.app.playing import run_playground

    run_process(run_playground(start()))
