"""Catalogue: sellers, products, variants, prices."""

from alembic import op

revision = "20261121_03"
down_revision = "20261121_02"

UP = """
create table seller (
  id uuid primary key,
  market text not null references market,
  slug text not null,
  name text not null,
  country text not null,
  -- The price of one parcel to the market's country, VAT included.
  shipping_minor bigint not null check (shipping_minor >= 0),
  at timestamptz not null,
  unique (market, slug)
);

create table product (
  id uuid primary key,
  seller_id uuid not null references seller,
  market text not null references market,
  slug text not null,
  title jsonb not null,
  description jsonb not null,
  -- The name of its pictures in the object store, without size and ending.
  image text,
  image_alt jsonb not null default '{}',
  vat_category text not null,
  at timestamptz not null,
  unique (market, slug)
);
create index product_seller on product (seller_id);

create table variant (
  id uuid primary key,
  product_id uuid not null references product,
  position smallint not null,
  sku text not null,
  title jsonb not null,
  unique (product_id, sku)
);

create table price (
  variant_id uuid not null references variant,
  market text not null references market,
  currency text not null,
  minor bigint not null check (minor > 0),
  valid_from timestamptz not null,
  primary key (variant_id, market, valid_from)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
