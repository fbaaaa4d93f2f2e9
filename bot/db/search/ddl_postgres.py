"""The full-text tables of PostgreSQL, and the triggers that keep them in step with what they are made of."""

from __future__ import annotations

from bot.db.search.ddl_sqlite import ITEM_TABLES

_OF_CONVERSATION = "BETWEEN {row}.no << 32 AND ({row}.no << 32) + 4294967295"
_LEXEMES = "array_to_tsvector(string_to_array({prefix} || replace({terms}, ' ', ' ' || {prefix}), ' '))"


def tables() -> list[str]:
    """Statements that make the full-text tables."""
    made = []
    for name, source in (("fts_messages", "messages"), ("fts_items", "search_items")):
        key = f"id bigint PRIMARY KEY REFERENCES {source} ON DELETE CASCADE"
        made.append(f"CREATE TABLE {name} ({key}, body tsvector NOT NULL)")
        made.append(f"CREATE INDEX {name}_body ON {name} USING gin (body)")
    return made


def triggers() -> dict[str, tuple[str, str]]:
    """The triggers by name: when each fires, and the body of its function."""
    removed = {
        f"fts_{table}_removed": (
            f"AFTER DELETE ON {table}",
            f"DELETE FROM search_items WHERE kind = '{kind}' AND item_id = OLD.id; RETURN NULL;",
        )
        for kind, table in ITEM_TABLES.items()
    }
    return {**_of_messages(), **_of_conversations(), **_of_items(), **removed}


def _of_messages() -> dict[str, tuple[str, str]]:
    forget = "DELETE FROM vectors WHERE kind = 'message' AND item_id = OLD.id;"
    # The chat is locked for its messages: it must not change while they are filed under it.
    add = f"""
        SELECT 'c' || chat_id || 'x' INTO STRICT prefix FROM conversations WHERE no = NEW.id >> 32 FOR SHARE;
        INSERT INTO fts_messages (id, body)
        VALUES (NEW.id, {_LEXEMES.format(prefix="prefix", terms="NEW.search_text")})
        ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body;
    """
    set_ = f"""
        IF TG_OP = 'UPDATE' AND OLD.search_text <> '' THEN
            DELETE FROM fts_messages WHERE id = NEW.id;
            {forget}
        END IF;
        IF NEW.search_text <> '' THEN {add} END IF;
        RETURN NULL;
    """
    edited = """
        IF NEW.content IS DISTINCT FROM OLD.content
            AND NEW.search_text IS NOT DISTINCT FROM OLD.search_text THEN
            NEW.search_text := NULL;
        END IF;
        RETURN NEW;
    """
    each = "FOR EACH ROW WHEN"
    return {
        "fts_messages_added": (f"AFTER INSERT ON messages {each} (NEW.search_text <> '')", set_),
        # Not "OF search_text": the trigger above it changes the column behind an UPDATE of the content.
        "fts_messages_set": (
            f"AFTER UPDATE ON messages {each} (NEW.search_text IS DISTINCT FROM OLD.search_text)",
            set_,
        ),
        "fts_messages_edited": ("BEFORE UPDATE OF content ON messages", edited),
        "fts_messages_removed": (
            f"AFTER DELETE ON messages {each} (OLD.search_text <> '')",
            f"{forget} RETURN NULL;",
        ),
    }


def _of_conversations() -> dict[str, tuple[str, str]]:
    body = _LEXEMES.format(prefix="('c' || NEW.chat_id || 'x')", terms="m.search_text")
    moved = f"""
        UPDATE fts_messages f SET body = {body} FROM messages m
        WHERE m.id = f.id AND f.id {_OF_CONVERSATION.format(row="NEW")};
        UPDATE vectors SET owner = 'c' || NEW.chat_id
        WHERE kind = 'message' AND item_id {_OF_CONVERSATION.format(row="NEW")};
        RETURN NULL;
    """
    hidden = f"WHERE id {_OF_CONVERSATION.format(row='OLD')} AND search_text <> ''"
    return {
        "fts_conversations_moved": (
            "AFTER UPDATE OF chat_id ON conversations FOR EACH ROW WHEN (OLD.chat_id <> NEW.chat_id)",
            moved,
        ),
        "fts_conversations_removed": (
            "BEFORE DELETE ON conversations",
            f"UPDATE messages SET search_text = '' {hidden}; RETURN OLD;",
        ),
    }


def _of_items() -> dict[str, tuple[str, str]]:
    put = f"""
        INSERT INTO fts_items (id, body)
        VALUES (NEW.id, {_LEXEMES.format(prefix="(NEW.owner || 'x')", terms="NEW.terms")})
        ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body;
        UPDATE vectors SET owner = NEW.owner
        WHERE kind = NEW.kind AND item_id = NEW.item_id AND owner <> NEW.owner;
        RETURN NULL;
    """
    forget = "DELETE FROM vectors WHERE kind = OLD.kind AND item_id = OLD.item_id; RETURN NULL;"
    return {
        "fts_items_put": ("AFTER INSERT OR UPDATE OF owner, terms ON search_items", put),
        "fts_items_removed": ("AFTER DELETE ON search_items", forget),
    }
