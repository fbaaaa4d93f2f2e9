"""The full-text tables of SQLite, and the triggers that keep them in step with what they are made of."""

from __future__ import annotations

# Terms are made in Python and hold no separator of this tokenizer; bytes beyond ASCII are left as they are.
_TABLE = """
CREATE VIRTUAL TABLE {name} USING fts5(
    body, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '@+#.:^_'"
)
"""
TABLES = ("fts_messages", "fts_items")

_OF_CONVERSATION = "BETWEEN {row}.no << 32 AND ({row}.no << 32) + 4294967295"
_CHAT = "(SELECT chat_id FROM conversations WHERE no = {row}.id >> 32)"
_BODY = "'c' || {chat} || 'x' || replace({row}.search_text, ' ', ' c' || {chat} || 'x')"
_ITEM = "{row}.owner || 'x' || replace({row}.terms, ' ', ' ' || {row}.owner || 'x')"

ITEM_TABLES = {"fact": "memories", "summary": "summaries", "chunk": "chunks"}
"""Where the items of a kind stand; a row that is deleted takes its entry with it."""


def tables() -> list[str]:
    """Statements that make the full-text tables."""
    return [_TABLE.format(name=name) for name in TABLES]


def triggers() -> dict[str, str]:
    """The triggers by name."""
    found = {**_of_messages(), **_of_conversations(), **_of_items()}
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in found.items()}


def _body(row: str, chat: str | None = None) -> str:
    return _BODY.format(row=row, chat=chat or _CHAT.format(row=row))


def _add(table: str, row: str, body: str, source: str = "") -> str:
    return f"INSERT INTO {table}(rowid, body) SELECT {row}.id, {body}{source};"


def _take(table: str, row: str, body: str, source: str = "") -> str:
    # A contentless index forgets only what it is told again, to the letter.
    return f"INSERT INTO {table}({table}, rowid, body) SELECT 'delete', {row}.id, {body}{source};"


def _of_messages() -> dict[str, str]:
    add = _add("fts_messages", "NEW", _body("NEW"))
    take = _take("fts_messages", "OLD", _body("OLD"))
    take += " DELETE FROM vectors WHERE kind = 'message' AND item_id = OLD.id;"
    changed = "OLD.search_text IS NOT NEW.search_text"
    return {
        "fts_messages_added": f"AFTER INSERT ON messages WHEN NEW.search_text <> '' BEGIN {add} END",
        "fts_messages_removed": f"AFTER DELETE ON messages WHEN OLD.search_text <> '' BEGIN {take} END",
        "fts_messages_unset": "AFTER UPDATE OF search_text ON messages "
        f"WHEN OLD.search_text <> '' AND {changed} BEGIN {take} END",
        "fts_messages_set": "AFTER UPDATE OF search_text ON messages "
        f"WHEN NEW.search_text <> '' AND {changed} BEGIN {add} END",
        "fts_messages_edited": "AFTER UPDATE OF content ON messages WHEN OLD.content IS NOT NEW.content "
        "AND NEW.search_text IS NOT NULL AND OLD.search_text IS NEW.search_text "
        "BEGIN UPDATE messages SET search_text = NULL WHERE id = NEW.id; END",
    }


def _of_conversations() -> dict[str, str]:
    source = f" FROM messages m WHERE m.id {_OF_CONVERSATION.format(row='NEW')} AND m.search_text <> ''"
    moved = _take("fts_messages", "m", _body("m", "OLD.chat_id"), source)
    moved += _add("fts_messages", "m", _body("m", "NEW.chat_id"), source)
    moved += "UPDATE vectors SET owner = 'c' || NEW.chat_id "
    moved += f"WHERE kind = 'message' AND item_id {_OF_CONVERSATION.format(row='NEW')};"
    hidden = f"WHERE id {_OF_CONVERSATION.format(row='OLD')} AND search_text <> ''"
    return {
        "fts_conversations_moved": "AFTER UPDATE OF chat_id ON conversations "
        f"WHEN OLD.chat_id <> NEW.chat_id BEGIN {moved} END",
        # Before: afterwards nobody could say under which chat its messages are filed.
        "fts_conversations_removed": "BEFORE DELETE ON conversations "
        f"BEGIN UPDATE messages SET search_text = '' {hidden}; END",
    }


def _of_items() -> dict[str, str]:
    add = _add("fts_items", "NEW", _ITEM.format(row="NEW"))
    take = _take("fts_items", "OLD", _ITEM.format(row="OLD"))
    forget = "DELETE FROM vectors WHERE kind = OLD.kind AND item_id = OLD.item_id;"
    move = "UPDATE vectors SET owner = NEW.owner WHERE kind = NEW.kind AND item_id = NEW.item_id;"
    entry = "DELETE FROM search_items WHERE kind = '{kind}' AND item_id = OLD.id;"
    removed = f"AFTER DELETE ON {{table}} BEGIN {entry} END"
    return {
        "fts_items_added": f"AFTER INSERT ON search_items BEGIN {add} END",
        "fts_items_removed": f"AFTER DELETE ON search_items BEGIN {take} {forget} END",
        "fts_items_changed": "AFTER UPDATE OF owner, terms ON search_items "
        f"WHEN OLD.owner <> NEW.owner OR OLD.terms <> NEW.terms BEGIN {take} {add} {move} END",
        **{
            f"fts_{table}_removed": removed.format(table=table, kind=kind)
            for kind, table in ITEM_TABLES.items()
        },
    }
