"""Shows: first paid, first served."""

from alembic import op

revision = "20261121_21"
down_revision = "20261121_20"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
