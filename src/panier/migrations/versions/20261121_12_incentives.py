"""Incentives: Vouchers and deals."""

from alembic import op

revision = "20261121_12"
down_revision = "20261121_11"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
