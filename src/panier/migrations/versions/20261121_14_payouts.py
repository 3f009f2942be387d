"""Payouts: Settlement, statements, payout runs."""

from alembic import op

revision = "20261121_14"
down_revision = "20261121_13"

UP = """
-- When what stands on the accounts of an order becomes its seller's and its creators' to have.
create table maturity (
  order_id uuid not null references orders,
  kind text not null check (kind in ('seller', 'creator')),
  -- The seller, or the person who presented.
  party uuid not null,
  market text not null references market,
  currency text not null,
  delivered_at timestamptz not null,
  -- The terms, frozen when the delivery is first looked at.
  available_at timestamptz,
  reserve_until timestamptz,
  reserve_basis_points int check (reserve_basis_points between 0 and 10000),
  -- All that was moved so far, less what refunds took back; the part of it that is kept back.
  released_minor bigint not null default 0,
  reserve_minor bigint not null default 0 check (reserve_minor >= 0),
  released_at timestamptz,
  -- Moves that were booked; the next one's number makes its key.
  moves smallint not null default 0,
  -- When a worker has something to do here; empty: nothing more by the clock.
  look_at timestamptz,
  primary key (order_id, kind, party)
);
create index maturity_look on maturity (look_at) where look_at is not null;
create index maturity_party on maturity (party, currency, available_at);

-- Kept back of a seller's money as agreed with them, where it is not what all have.
create table reserve_term (
  seller_id uuid primary key references seller,
  basis_points int not null check (basis_points between 0 and 10000),
  set_by uuid not null,
  at timestamptz not null
);

create table payout_run (
  id uuid primary key,
  market text not null references market,
  currency text not null,
  state text not null check (state in ('draft', 'approved', 'dropped')),
  -- Smaller balances wait for the next run.
  minimum_minor bigint not null check (minimum_minor > 0),
  created_by uuid not null,
  at timestamptz not null,
  decided_by uuid,
  decided_at timestamptz,
  -- Four eyes, also where no code of ours has looked.
  check (state <> 'approved' or created_by <> decided_by)
);
create index payout_run_market on payout_run (market, id desc);

create table payout (
  id uuid primary key,
  run_id uuid not null references payout_run,
  kind text not null check (kind in ('seller', 'creator')),
  party uuid not null,
  market text not null,
  currency text not null,
  minor bigint not null check (minor > 0),
  state text not null check (state in
    ('draft', 'dropped', 'approved', 'sent', 'paid', 'failed', 'returned')),
  provider text,
  -- The key of the transfer asked for now; another one only after the provider said no for good.
  transfer_key uuid,
  reference text,
  reason text,
  attempts smallint not null default 0,
  next_try_at timestamptz,
  at timestamptz not null,
  changed_at timestamptz not null,
  unique (run_id, kind, party)
);
create index payout_party on payout (party, id desc);
create unique index payout_transfer on payout (transfer_key) where transfer_key is not null;
create index payout_due on payout (next_try_at) where next_try_at is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
