"""Catalogue: what a parcel costs, by destination."""

from alembic import op

revision = "20261121_18"
down_revision = "20261121_17"

UP = """
create table shipping_rate (
  seller_id uuid not null references seller,
  -- ISO 3166; the market's own country always has one.
  country text not null check (country ~ '^[A-Z]{2}$'),
  -- The price of one parcel, whatever is in it, VAT included.
  minor bigint not null check (minor >= 0),
  -- From this much of goods in one order, after reductions, the parcel is free.
  free_from_minor bigint check (free_from_minor > 0),
  changed_by uuid references person,
  at timestamptz not null,
  primary key (seller_id, country)
);
insert into shipping_rate (seller_id, country, minor, at)
select s.id, m.country, s.shipping_minor, s.at from seller s join market m on m.code = s.market;
alter table seller drop column shipping_minor;

-- What a buyer orders in one show goes in one parcel, as long as the first is not packed.
alter table seller add column one_parcel_per_show boolean not null default false;

-- The earlier order in whose parcel this one goes.
alter table orders add column joins_id uuid references orders;
alter table orders add constraint orders_joins_free check (joins_id is null or shipping_minor = 0);
create index orders_joins on orders (joins_id) where joins_id is not null;
create index checkout_person on checkout (person_id) where person_id is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
