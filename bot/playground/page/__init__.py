"""The messenger page of the playground."""

from bot.playground.page.routes import page_routes

__all__ = ["page_routes"]
