"""Catalogue: services, their slots and bookings; what is exempt from withdrawal."""

from alembic import op

revision = "20261121_20"
down_revision = "20261121_19"

UP = """
alter table product
  add column kind text not null default 'goods' check (kind in ('goods', 'service')),
  -- Whether a buyer may withdraw, or why they may not (Directive 2011/83/EU, article 16).
  add column withdrawal text not null default 'allowed' check (withdrawal in
    ('allowed', 'made_to_order', 'perishable', 'sealed_hygiene', 'sealed_media',
     'dated_leisure_service', 'digital'));

-- What a service says of its slots, the ones to come included.
create table service (
  product_id uuid primary key references product,
  -- Of a place, VAT included, in the market's currency.
  minor bigint not null check (minor > 0),
  -- Nobody can book so shortly before a slot begins.
  closes_minutes int not null check (closes_minutes between 0 and 43200),
  -- Until so long before it begins a buyer may cancel.
  cancel_hours int not null check (cancel_hours between 0 and 720),
  -- How to find or join it: for those who have booked only.
  arrival text not null
);

-- A slot is a variant whose stock is its capacity.
create table slot (
  variant_id uuid primary key references variant,
  product_id uuid not null references product,
  market text not null references market,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- It is not offered from then on; the stock knows the same moment and keeps to it.
  closes_at timestamptz not null,
  -- Empty: online.
  place text not null,
  cancelled_at timestamptz,
  -- To those who had booked what was cancelled.
  note text not null default '',
  -- All who booked it have had it, or have a refund under way.
  done_at timestamptz,
  check (closes_at <= starts_at and starts_at < ends_at)
);
create index slot_product on slot (product_id, starts_at);
create index slot_over on slot (ends_at) where done_at is null;
create index slot_cancelled on slot (cancelled_at) where cancelled_at is not null
  and done_at is null;

-- The line of an order that is a place in a slot, as it was promised.
create table booking (
  order_id uuid not null,
  n smallint not null,
  variant_id uuid not null references variant,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  place text not null,
  cancel_until timestamptz not null,
  primary key (order_id, n),
  foreign key (order_id, n) references order_line
);
create index booking_slot on booking (variant_id, order_id);

alter table order_line add column withdrawal text not null default 'allowed';

alter table fulfilment
  -- Units of a service that have taken place.
  add column performed int not null default 0 check (performed >= 0),
  drop constraint fulfilment_sent,
  add constraint fulfilment_sent check (cancelled + shipped + performed <= quantity);

-- What nobody can hold from a moment on; a hold of it ends then at the latest.
alter table stock add column closes_at timestamptz;
alter table hold add column closes_at timestamptz;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
