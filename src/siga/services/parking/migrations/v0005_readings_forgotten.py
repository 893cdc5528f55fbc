"""Finding the reports that still say which card was read, so that they can forget it in time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """An index of the few reports that hold one."""
    held = sa.text("credential IS NOT NULL")
    op.create_index("reports_credential", "reports", ["received_at"], sqlite_where=held, postgresql_where=held)
