"""Reports of shows."""

from alembic import op

revision = "20261121_08"
down_revision = "20261121_07"

UP = """
-- What a show's log and sales came to: figures and finding codes, no words of any language.
-- The row comes first (it is the lock that late payments wait for), its figures follow.
create table show_report (
  show_id uuid primary key references show,
  market text not null references market,
  room jsonb,
  sales jsonb,
  findings jsonb,
  -- When the room was read; gateways book their last seconds a little after the end.
  room_at timestamptz,
  written_at timestamptz not null
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
