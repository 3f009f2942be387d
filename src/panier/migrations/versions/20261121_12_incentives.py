"""Incentives: Vouchers and deals."""

from alembic import op

revision = "20261121_12"
down_revision = "20261121_11"

UP = """
-- The prior price that a reduction is announced with: the lowest of the 30 days before it began.
alter table price add column was_minor bigint check (was_minor > minor);

-- A price for a while, beside the lasting one: it counts when the lowest price is looked for.
create table price_spell (
  -- What made it: a deal.
  source uuid not null,
  variant_id uuid not null references variant,
  market text not null references market,
  currency text not null,
  minor bigint not null check (minor > 0),
  valid_from timestamptz not null,
  valid_until timestamptz not null check (valid_until > valid_from),
  primary key (source, variant_id)
);
create index price_spell_variant on price_spell (variant_id, market, valid_from);

create table voucher (
  id uuid primary key,
  code text not null unique,
  -- Whose team made it.
  market text not null references market,
  -- Whose it is; empty: the platform's.
  seller_id uuid references seller,
  kind text not null check (kind in ('percent', 'fixed', 'shipping')),
  basis_points int not null default 0 check (basis_points between 0 and 10000),
  currency text not null,
  minor bigint not null default 0 check (minor >= 0),
  minimum_minor bigint not null default 0 check (minimum_minor >= 0),
  -- The platform's part of every reduction; the seller bears the rest.
  funding_basis_points int not null check (funding_basis_points between 0 and 10000),
  stackable boolean not null default false,
  uses_max int check (uses_max > 0),
  buyer_max int check (buyer_max > 0),
  -- Where it is valid; products, sellers and shows restrict nothing when empty.
  markets text[] not null check (cardinality(markets) > 0),
  products uuid[] not null default '{}',
  sellers uuid[] not null default '{}',
  shows uuid[] not null default '{}',
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  -- Since when whoever bears a part of it has agreed.
  agreed_at timestamptz,
  ended_at timestamptz,
  used int not null default 0 check (used >= 0 and (uses_max is null or used <= uses_max)),
  made_by uuid references person,
  at timestamptz not null,
  check (kind <> 'percent' or basis_points > 0),
  check (kind <> 'fixed' or minor > 0)
);
create index voucher_market on voucher (market, at desc);

-- The codes in a buyer's basket.
create table voucher_entered (
  buyer uuid not null,
  market text not null references market,
  voucher_id uuid not null references voucher,
  at timestamptz not null,
  primary key (buyer, market, voucher_id)
);

create table voucher_use (
  checkout_id uuid not null,
  voucher_id uuid not null references voucher,
  market text not null references market,
  -- A buyer is known by any of three: browser, account, digest of the e-mail address.
  buyer uuid not null,
  person_id uuid,
  email_digest bytea not null,
  state text not null check (state in ('reserved', 'confirmed', 'given_back')),
  currency text not null,
  -- What it took off, and who bears it.
  minor bigint not null check (minor >= 0),
  platform_minor bigint not null check (platform_minor between 0 and minor),
  at timestamptz not null,
  primary key (checkout_id, voucher_id)
);
create index voucher_use_buyer on voucher_use (voucher_id, buyer);
create index voucher_use_email on voucher_use (voucher_id, email_digest);
create index voucher_use_person on voucher_use (voucher_id, person_id)
  where person_id is not null;

create table deal (
  id uuid primary key,
  market text not null references market,
  show_id uuid not null references show,
  product_id uuid not null references product,
  currency text not null,
  state text not null check (state in ('announced', 'open', 'closed')),
  units int not null check (units > 0),
  taken int not null default 0 check (taken between 0 and units),
  buyer_max int not null check (buyer_max > 0),
  at timestamptz not null,
  opens_at timestamptz not null,
  -- Moves forward when the host ends it early; before opens_at: it never opened.
  closes_at timestamptz not null
);
create unique index deal_one_at_a_time on deal (show_id) where state <> 'closed';
create index deal_show on deal (show_id, opens_at);

create table deal_price (
  deal_id uuid not null references deal,
  variant_id uuid not null references variant,
  minor bigint not null check (minor > 0),
  -- The lowest price of the 30 days before.
  was_minor bigint not null check (was_minor > minor),
  primary key (deal_id, variant_id)
);

create table deal_take (
  checkout_id uuid not null,
  deal_id uuid not null references deal,
  variant_id uuid not null references variant,
  buyer uuid not null,
  person_id uuid,
  email_digest bytea not null,
  state text not null check (state in ('reserved', 'confirmed', 'given_back')),
  quantity int not null check (quantity > 0),
  at timestamptz not null,
  primary key (checkout_id, deal_id, variant_id)
);
create index deal_take_buyer on deal_take (deal_id, buyer);
create index deal_take_email on deal_take (deal_id, email_digest);
create index deal_take_person on deal_take (deal_id, person_id) where person_id is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
