"""Payouts: Settlement, statements, payout runs."""

from alembic import op

revision = "20261121_14"
down_revision = "20261121_13"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
