"""Stock, payments, orders, ledger."""

from alembic import op

revision = "20261121_07"
down_revision = "20261121_06"

UP = """
create table stock (
  variant_id uuid primary key references variant,
  available int not null check (available >= 0),
  held int not null default 0 check (held >= 0),
  sold int not null default 0 check (sold >= 0)
);

create table hold (
  id uuid primary key,
  variant_id uuid not null references stock,
  market text not null,
  show_id uuid,
  buyer uuid not null,
  quantity int not null check (quantity > 0),
  state text not null check (state in ('held', 'released', 'expired', 'sold')),
  -- Set while a payment for it is under way.
  checkout_id uuid,
  at timestamptz not null,
  expires_at timestamptz not null
);
create index hold_buyer on hold (buyer, variant_id) where state = 'held';
create index hold_expiry on hold (expires_at) where state = 'held';
create index hold_checkout on hold (checkout_id) where checkout_id is not null;

create table payment (
  id uuid primary key,
  market text not null,
  provider text not null,
  -- The provider's own name for it, once it has one.
  reference text,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in
    ('created', 'action', 'pending', 'paid', 'declined', 'refunding', 'refunded')),
  decline_reason text,
  action_url text,
  at timestamptz not null,
  changed_at timestamptz not null,
  unique (provider, reference)
);

create table saved_card (
  person_id uuid primary key references person on delete cascade,
  provider text not null,
  token text not null,
  brand text not null,
  last4 text not null,
  at timestamptz not null
);

create table checkout (
  id uuid primary key,
  -- The buyer's key: the same request twice is the same checkout.
  key uuid not null,
  buyer uuid not null,
  market text not null references market,
  show_id uuid,
  person_id uuid references person,
  payment_id uuid not null unique,
  state text not null check (state in ('placed', 'paid', 'declined', 'refused')),
  minor bigint not null check (minor > 0),
  currency text not null,
  email text not null,
  name text not null,
  name_on_air text,
  address jsonb not null,
  language text not null,
  at timestamptz not null,
  paid_at timestamptz,
  unique (buyer, key)
);

create table orders (
  id uuid primary key,
  checkout_id uuid not null references checkout,
  market text not null references market,
  seller_id uuid not null references seller,
  show_id uuid,
  number text not null,
  state text not null check (state in ('placed', 'paid', 'declined', 'refused')),
  currency text not null,
  goods_minor bigint not null check (goods_minor >= 0),
  shipping_minor bigint not null check (shipping_minor >= 0),
  shipping_vat_minor bigint not null check (shipping_vat_minor >= 0),
  shipping_vat_basis_points int not null,
  at timestamptz not null,
  paid_at timestamptz,
  unique (market, number)
);
create index orders_checkout on orders (checkout_id);
create index orders_seller on orders (seller_id, at desc);
create index orders_show on orders (show_id) where show_id is not null;

create table order_line (
  order_id uuid not null references orders,
  n smallint not null,
  product_id uuid not null references product,
  variant_id uuid not null references variant,
  title text not null,
  variant_title text not null,
  sku text not null,
  quantity int not null check (quantity > 0),
  unit_minor bigint not null check (unit_minor > 0),
  vat_basis_points int not null,
  vat_minor bigint not null check (vat_minor >= 0),
  -- What commission is taken of: the goods' price, VAT included, shipping not.
  commission_base_minor bigint not null check (commission_base_minor >= 0),
  commission_basis_points int not null,
  commission_minor bigint not null check (commission_minor >= 0),
  primary key (order_id, n)
);

create table account (
  id uuid primary key,
  kind text not null,
  -- Whose: a seller's id, a country, a provider; empty where there is only one.
  owner text not null,
  currency text not null,
  balance_minor bigint not null default 0,
  unique (kind, owner, currency)
);

create table posting (
  id uuid primary key,
  -- What was booked: the same fact is booked once.
  key text not null unique,
  kind text not null,
  order_id uuid,
  at timestamptz not null
);
create index posting_order on posting (order_id) where order_id is not null;

create table entry (
  posting_id uuid not null references posting,
  n smallint not null,
  account_id uuid not null references account,
  -- Debit above zero, credit below.
  minor bigint not null check (minor <> 0),
  currency text not null,
  primary key (posting_id, n)
);
create index entry_account on entry (account_id);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
