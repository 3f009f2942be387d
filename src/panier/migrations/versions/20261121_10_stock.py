"""Stock: Allocations, movements, waiting list, services."""

from alembic import op

revision = "20261121_10"
down_revision = "20261121_09"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
