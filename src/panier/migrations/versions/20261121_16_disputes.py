"""Parcels: What a lost dispute takes back of an order counts as a refund."""

from alembic import op

revision = "20261121_16"
down_revision = "20261121_15"

UP = """
alter table order_refund
  -- The lost dispute by which the buyer has the money; empty: the provider was asked for it.
  add column dispute_id uuid references dispute,
  drop constraint order_refund_reason_check,
  add constraint order_refund_reason_check check (reason in
    ('cancelled', 'withdrawal', 'lost', 'goodwill', 'dispute')),
  add constraint order_refund_disputed check (dispute_id is null or state = 'done');
create index order_refund_dispute on order_refund (dispute_id) where dispute_id is not null;
"""


def upgrade() -> None:
    """Change the table."""
    op.execute(UP)
