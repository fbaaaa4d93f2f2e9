"""Test data: people who never lived, their talk and facts, marked and removable in one action."""
