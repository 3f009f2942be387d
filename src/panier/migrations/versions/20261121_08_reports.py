"""Reports of shows."""

from alembic import op

revision = "20261121_08"
down_revision = "20261121_07"

UP = """
create table show_report (
  show_id uuid primary key references show,
  market text not null references market,
  language text not null,
  body jsonb not null,
  at timestamptz not null
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
