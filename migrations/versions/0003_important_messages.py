"""an index of the messages that matter, for those that outlive the window."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_messages_important",
        "messages",
        ["id", "importance"],
        unique=False,
        sqlite_where=sa.text("importance >= 0.5"),
        postgresql_where=sa.text("importance >= 0.5"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_messages_important", table_name="messages")
