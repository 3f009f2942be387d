"""Shows: first paid, first served."""

from alembic import op

revision = "20261121_21"
down_revision = "20261121_20"

UP = """
alter table show
  -- What a press on the basket does: hold sets stock aside, first_paid does not.
  add column stock_rule text not null default 'hold' check (stock_rule in ('hold', 'first_paid'));

-- wanted: it lies in a basket and sets nothing aside; who pays first gets it.
alter table hold drop constraint hold_state_check;
alter table hold
  add constraint hold_state_check
    check (state in ('held', 'wanted', 'released', 'expired', 'sold')),
  -- While a payment is under way: when it would have ended without one.
  add column kept_until timestamptz;

drop index hold_buyer;
create index hold_buyer on hold (buyer, variant_id) where state in ('held', 'wanted');
drop index hold_expiry;
create index hold_expiry on hold (expires_at) where state in ('held', 'wanted');

-- Each hold knows it itself.
alter table checkout drop column held_until;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
