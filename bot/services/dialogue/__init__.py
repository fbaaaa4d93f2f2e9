"""Unfinished matters of a dialogue: their rules, the words that settle them, and their storage."""
