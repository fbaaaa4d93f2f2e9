"""Handlers: each converts, calls one service, and says what came of it."""
