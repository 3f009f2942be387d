"""Incentives: sellers agree to deals."""

from alembic import op

revision = "20261121_23"
down_revision = "20261121_22"

UP = """
select 1;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
