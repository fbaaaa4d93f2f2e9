"""The full-text index: which messages and items hold which terms, on SQLite and PostgreSQL alike.

Terms come from `bot.memory.lexing`. What is stored in `messages.search_text` and in `search_items` is the
index's only source: triggers keep the full-text tables in step with them, whoever changes or deletes a row.
"""

from bot.db.search.counts import item_count_of, message_count_of
from bot.db.search.entries import index_messages, move_owner, packed, put_item, remove_item, remove_messages
from bot.db.search.lookup import ItemPostings, Postings, frequencies, item_postings, message_postings
from bot.db.search.merging import merge_all, merge_step, segments
from bot.db.search.vectors import nearest, put_vector

__all__ = [
    "ItemPostings",
    "Postings",
    "frequencies",
    "index_messages",
    "item_count_of",
    "item_postings",
    "merge_all",
    "merge_step",
    "message_count_of",
    "message_postings",
    "move_owner",
    "nearest",
    "packed",
    "put_item",
    "put_vector",
    "remove_item",
    "remove_messages",
    "segments",
]
