"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

UP = """
"""


def upgrade() -> None:
    """Expand first, backfill next, contract in a later release."""
    op.execute(UP)
