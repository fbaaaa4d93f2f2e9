"""an index over what the owner laid down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SYSTEM = sa.text("subject = 'system'")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_memories_system", "memories", ["chat_id"], sqlite_where=_SYSTEM, postgresql_where=_SYSTEM
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_memories_system", "memories")
