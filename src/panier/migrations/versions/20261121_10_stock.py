"""Stock: Allocations, movements, waiting list."""

from alembic import op

revision = "20261121_10"
down_revision = "20261121_09"

UP = """
alter table stock
  -- Units that were sold and came back: sold + returned is what holds in state 'sold' come to.
  add column returned int not null default 0 check (returned >= 0),
  -- The seller is told when this few are left; 0 tells nobody.
  add column low_at int not null default 5 check (low_at between 0 and 1000000),
  -- Told since the last units were brought in.
  add column low_told boolean not null default false,
  -- Open allocations of it; 0 spares the hold desk a look.
  add column allocations int not null default 0 check (allocations >= 0);

-- Units that only one show may sell. Guarded by the lock on the row of stock.
create table allocation (
  show_id uuid not null references show,
  variant_id uuid not null references variant,
  market text not null references market,
  units int not null check (units between 1 and 1000000),
  available int not null check (available >= 0),
  held int not null default 0 check (held >= 0),
  sold int not null default 0 check (sold >= 0),
  -- Once its own are gone, the show may sell what is free to all.
  beyond boolean not null,
  at timestamptz not null,
  closed_at timestamptz,
  primary key (show_id, variant_id),
  check (closed_at is not null or units = available + held + sold)
);
create index allocation_open on allocation (variant_id) where closed_at is null;

-- Of a hold's units, those that came from the allocation of its show.
alter table hold
  add column allocated int not null default 0 check (allocated between 0 and quantity),
  -- Its buyer had it kept longer, which goes once.
  add column extended boolean not null default false,
  -- It is an offer to somebody who waited.
  add column waiting_id uuid;

create index hold_own on hold (show_id, variant_id) where allocated > 0;

-- Whenever somebody, not a sale, changes what can be sold.
create table stock_movement (
  id uuid primary key,
  variant_id uuid not null references variant,
  delta int not null check (delta <> 0),
  reason text not null check (reason in
    ('restock', 'correction', 'damage', 'import', 'return', 'allocation', 'allocation_end')),
  note text not null,
  -- Empty when nobody did it: a show ended, an order was cancelled, the sample was laid.
  who uuid references person,
  -- The request's own: a form that is sent twice changes the stock once.
  key uuid,
  at timestamptz not null,
  -- Units free to be sold afterwards.
  available int not null check (available >= 0)
);
create index stock_movement_key on stock_movement (key) where key is not null;
create index stock_movement_variant on stock_movement (variant_id, id desc);

-- Who wants units of what is sold out. Guarded by the lock on the row of stock.
create table waiting (
  id uuid primary key,
  variant_id uuid not null references variant,
  market text not null references market,
  show_id uuid,
  buyer uuid not null,
  quantity int not null check (quantity > 0),
  -- How long an offer is theirs.
  seconds int not null check (seconds > 0),
  state text not null check (state in ('waiting', 'offered', 'taken', 'passed', 'left')),
  at timestamptz not null,
  hold_id uuid,
  offer_until timestamptz
);
create unique index waiting_once on waiting (buyer, variant_id)
  where state in ('waiting', 'offered');
create index waiting_line on waiting (variant_id, at, id) where state = 'waiting';
create index waiting_show on waiting (show_id) where state = 'waiting';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
