"""The command line: mnema run, playground, chat, db …"""

from bot.cli.main import main

__all__ = ["main"]
