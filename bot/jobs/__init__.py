"""Durable work: the registry of handlers, the worker that claims, the ticker that enqueues."""
