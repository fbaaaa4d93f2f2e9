"""python -m bot."""

from bot.core.importing import importing

with importing():
    from bot.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
