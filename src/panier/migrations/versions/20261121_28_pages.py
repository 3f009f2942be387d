"""Indexes for pages over tables that have grown large, and when an account was first booked on."""

from alembic import op

revision = "20261121_28"
down_revision = "20261121_27"

UP = """
-- In which shows did a seller sell something? One look a show. (It was over the show alone.)
drop index orders_show;
create index orders_show on orders (show_id, seller_id) where show_id is not null;

-- Which of a seller's orders came to one of the ends that few come to? No order is written here
-- when it is placed or paid.
create index orders_ended on orders (seller_id, state, id desc)
  where state in ('declined', 'refused', 'cancelled', 'returned', 'refunded');

-- What do a year's documents come to? Read here alone: a document's text is long. (It was without
-- the figures.)
drop index document_market;
create index document_market on document (market, year, id desc)
  include (seller_id, kind, gross_minor, vat_minor);

-- What was booked in a month? Postings lie in the order in which they are written, so that the
-- first and last moment of each stretch of them is enough: a few kilobytes.
create index posting_at on posting using brin (at) with (autosummarize = on);

-- What of somebody's is not due yet, or kept back? Few rows: what is older has been released.
create index maturity_coming on maturity (party, currency)
  where released_at is null or reserve_minor > 0;

-- When was something first booked on it?
alter table account add column first_at timestamptz;
update account a set first_at = f.at from (
  select e.account_id, min(p.at) as at from entry e join posting p on p.id = e.posting_id
  group by e.account_id) f
where f.account_id = a.id;
"""


def upgrade() -> None:
    """Make the indexes."""
    op.execute(UP)
