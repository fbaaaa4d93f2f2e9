"""The closed list of kinds of facts and what each kind implies."""

from __future__ import annotations

KINDS = (
    "name", "pronouns", "language", "birthday", "home", "work", "family", "diet", "health", "contact",
    "preference", "plan", "other",
)  # fmt: skip

SINGLE = frozenset({"name", "pronouns", "language", "birthday", "home"})
"""A person has one of these at a time: a new explicit value closes the old one with a date."""

SENSITIVE = frozenset({"health", "contact"})
"""Kinds that stay out of groups unless their owner shares them."""

UNCOUNTED = frozenset({"preference"})
"""Kinds that leave the cap of facts to the others; they fill a cap of their own."""
