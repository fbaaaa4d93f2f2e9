"""The search index of messages, facts, summaries and documents.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.db.search.ddl import create_index, drop_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "search_items",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("item_id", _BIG, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_items")),
        sa.UniqueConstraint("kind", "item_id", name=op.f("uq_search_items_kind_item_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_search_items_owner", "search_items", ["owner", "kind"])
    unindexed, waiting = sa.text("search_text IS NULL"), sa.text("model = ''")
    op.create_index(
        "ix_messages_unindexed", "messages", ["id"], sqlite_where=unindexed, postgresql_where=unindexed
    )
    op.create_index(
        "ix_vectors_waiting", "vectors", ["kind", "item_id"], sqlite_where=waiting, postgresql_where=waiting
    )
    create_index(op.get_bind())


def downgrade() -> None:
    """Take back."""
    drop_index(op.get_bind())
    op.drop_index("ix_vectors_waiting", table_name="vectors")
    op.drop_index("ix_messages_unindexed", table_name="messages")
    op.drop_table("search_items")
    op.execute("UPDATE messages SET search_text = NULL WHERE search_text IS NOT NULL")
