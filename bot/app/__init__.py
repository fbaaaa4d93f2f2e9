"""The composition root and the ways to run the product."""

from bot.app.wiring import App, build_app

__all__ = ["App", "build_app"]
