"""Stock: how many of a variant one buyer may have."""

from alembic import op

revision = "20261121_24"
down_revision = "20261121_23"

UP = """
-- Held and bought together; empty: what one may hold is the only limit.
alter table stock
  add column per_buyer int check (per_buyer between 1 and 1000);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
