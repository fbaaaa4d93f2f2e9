"""Forgetting a person: nothing of theirs is left, everything of the others is."""
