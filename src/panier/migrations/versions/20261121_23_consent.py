"""Incentives: sellers agree to deals; who is told of low stock, and until when banks listen."""

from alembic import op

revision = "20261121_23"
down_revision = "20261121_22"

UP = """
-- What hosts may do with a seller's prices without asking.
create table deal_agreement (
  id uuid primary key,
  market text not null references market,
  seller_id uuid not null references seller,
  -- Empty: all products for which the seller has not agreed to something of their own.
  product_id uuid references product,
  currency text not null,
  -- At most so much off the price of the day, or no lower than a price.
  basis_points int check (basis_points between 1 and 9999),
  floor_minor bigint check (floor_minor > 0),
  -- Of all its deals together; 0: none.
  units int not null check (units between 0 and 1000000),
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  made_by uuid references person,
  at timestamptz not null,
  ended_at timestamptz,
  check (num_nonnulls(basis_points, floor_minor) = 1),
  check (floor_minor is null or product_id is not null)
);
create unique index deal_agreement_one on deal_agreement (market, seller_id, product_id)
  nulls not distinct where ended_at is null;

-- A host asks for more than that.
create table deal_request (
  id uuid primary key,
  market text not null references market,
  seller_id uuid not null references seller,
  show_id uuid not null references show,
  product_id uuid not null references product,
  currency text not null,
  units int not null check (units > 0),
  state text not null check (state in ('asked', 'withdrawn', 'agreed', 'refused')),
  asked_by uuid not null references person,
  at timestamptz not null,
  -- Asked and not answered by then: nobody can answer it any more.
  expires_at timestamptz not null,
  decided_by uuid references person,
  decided_at timestamptz,
  check ((decided_at is not null) = (state in ('agreed', 'refused')))
);
create unique index deal_request_open on deal_request (show_id, product_id)
  where state = 'asked';
create index deal_request_seller on deal_request (seller_id, at desc);
create index deal_request_show on deal_request (show_id, product_id);

create table deal_request_price (
  request_id uuid not null references deal_request,
  variant_id uuid not null references variant,
  minor bigint not null check (minor > 0),
  primary key (request_id, variant_id)
);

-- By what the seller agreed to it; neither: the seller's own staff announced it.
alter table deal
  add column agreement_id uuid references deal_agreement,
  add column request_id uuid references deal_request,
  add column announced_by uuid references person;
create index deal_agreed on deal (agreement_id) where agreement_id is not null;
create unique index deal_requested on deal (request_id) where request_id is not null;

-- Variants that ran low, until their sellers are told.
create table low_stock (
  variant_id uuid primary key references variant,
  market text not null references market,
  -- Since when the seller is to be told; empty: they were.
  since timestamptz,
  told_at timestamptz
);
create index low_stock_due on low_stock (since) where since is not null;

-- Who of a seller's staff wants no mails when stock runs low.
create table low_stock_off (
  person_id uuid not null references person on delete cascade,
  seller_id uuid not null references seller,
  primary key (person_id, seller_id)
);

-- Who waits, if they were signed in: they are written to.
alter table waiting add column person_id uuid references person on delete set null;

-- Until when evidence is taken, as the provider says; empty: it does not say.
alter table dispute add column evidence_until timestamptz;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
