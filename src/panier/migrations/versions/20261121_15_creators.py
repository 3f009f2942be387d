"""Creators: shares of sales; what commission is agreed with whom."""

from alembic import op

revision = "20261121_15"
down_revision = "20261121_14"

UP = """
drop table fee;

-- What commission holds for which sellers and products. A rule is never changed: it ends, and
-- another one begins.
create table fee_rule (
  id uuid primary key,
  market text not null references market,
  -- Empty: every tier; every category.
  tier text check (tier in ('key_account', 'standard', 'first_90_days')),
  category text,
  basis_points int not null check (basis_points between 0 and 5000),
  valid_from date not null,
  -- The first day on which it holds no more; valid_from itself: it never began.
  valid_until date check (valid_until >= valid_from),
  made_by uuid references person,
  at timestamptz not null,
  ended_by uuid references person,
  ended_at timestamptz
);
create index fee_rule_market on fee_rule (market, valid_from);

alter table seller
  add column tier text not null default 'standard' check (tier in ('key_account', 'standard')),
  -- Its first day: the first 90 have a tier of their own.
  add column since date not null default current_date,
  add column tier_by uuid references person,
  add column tier_at timestamptz;
update seller set since = at::date;

-- Who gets which share of whose sales. A plan is never changed: it ends, and another one begins.
create table creator_plan (
  id uuid primary key,
  market text not null references market,
  seller_id uuid not null references seller,
  -- Empty: all products of the seller.
  product_id uuid references product,
  -- Whom it invites; empty: whoever presents.
  creator_id uuid references person,
  basis_points int not null check (basis_points between 100 and 8000),
  state text not null check (state in ('open', 'invited', 'accepted', 'declined')),
  valid_from timestamptz not null,
  -- The first moment at which it holds no more.
  valid_until timestamptz check (valid_until >= valid_from),
  made_by uuid not null references person,
  at timestamptz not null,
  answered_at timestamptz,
  ended_by uuid references person,
  ended_at timestamptz,
  check ((creator_id is null) = (state = 'open'))
);
create index creator_plan_seller on creator_plan (seller_id, valid_from);
create index creator_plan_creator on creator_plan (creator_id) where creator_id is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
