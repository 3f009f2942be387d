"""Payments: cards kept by their provider."""

from alembic import op

revision = "20261121_22"
down_revision = "20261121_21"

UP = """
alter table payment
  -- Whose card it is, where they asked us to keep it.
  add column person_id uuid,
  -- With this the buyer's page lets the provider ask their bank; empty when nothing waits for it.
  add column action_secret text;

-- For whom a provider keeps cards; made with the first card that somebody asks us to keep.
create table payment_customer (
  person_id uuid not null references person on delete cascade,
  provider text not null,
  reference text not null,
  at timestamptz not null,
  primary key (person_id, provider)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
