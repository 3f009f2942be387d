"""Stock, payments, orders, ledger, the sandbox provider's books."""

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
  -- No foreign key: the desk locks the stock row in the same transaction, and the check of a
  -- key for each row would cost more than the row.
  variant_id uuid not null,
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
  -- The provider's name for the card; what it pays with is unknown to us.
  token text not null,
  -- The buyer asked us to keep the card; the provider's lasting name for it, once paid.
  keep boolean not null,
  kept_token text,
  brand text,
  last4 text,
  at timestamptz not null,
  changed_at timestamptz not null,
  -- When a worker looks again whether it is finished; empty when it is.
  look_at timestamptz,
  looks smallint not null default 0,
  unique (provider, reference)
);
create index payment_look on payment (look_at) where look_at is not null;

create table saved_card (
  person_id uuid primary key references person on delete cascade,
  provider text not null,
  token text not null,
  brand text not null,
  last4 text not null,
  at timestamptz not null
);

-- What a provider told us: the same message is heard once.
create table webhook_receipt (
  provider text not null,
  message text not null,
  at timestamptz not null,
  primary key (provider, message)
);

create table checkout (
  id uuid primary key,
  -- The buyer's key: the same request twice is the same checkout.
  key uuid not null,
  buyer uuid not null,
  market text not null references market,
  show_id uuid,
  person_id uuid references person,
  payment_id uuid not null unique references payment,
  state text not null check (state in ('placed', 'paid', 'declined', 'refused')),
  minor bigint not null check (minor > 0),
  currency text not null,
  email text not null,
  name text not null,
  name_on_air text,
  address jsonb not null,
  -- Keep the address for the next purchase.
  remember boolean not null,
  language text not null,
  -- The order page as the buyer was told it.
  page_url text not null,
  -- How long the basket would have been held without a payment.
  held_until timestamptz not null,
  at timestamptz not null,
  paid_at timestamptz,
  unique (buyer, key)
);

-- The last number given to an order of a market in a year.
create table order_number (
  market text not null references market,
  year smallint not null,
  last bigint not null check (last >= 0),
  primary key (market, year)
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
  -- VAT included; the sums of the lines, frozen.
  goods_minor bigint not null check (goods_minor >= 0),
  shipping_minor bigint not null check (shipping_minor >= 0),
  vat_minor bigint not null check (vat_minor between 0 and goods_minor + shipping_minor),
  commission_minor bigint not null check (commission_minor >= 0),
  at timestamptz not null,
  paid_at timestamptz,
  unique (market, number)
);
create index orders_checkout on orders (checkout_id);
create index orders_seller on orders (seller_id, id desc);
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
  -- The line's part of the parcel, which bears the VAT of what is in it.
  shipping_minor bigint not null check (shipping_minor >= 0),
  shipping_vat_minor bigint not null check (shipping_vat_minor >= 0),
  -- What commission is taken of: the goods' price, VAT included, shipping not.
  commission_base_minor bigint not null check (commission_base_minor >= 0),
  commission_basis_points int not null,
  commission_minor bigint not null check (commission_minor >= 0),
  primary key (order_id, n)
);

create table account (
  -- Made from kind, owner and currency, so that a posting needs no look-up.
  id uuid primary key,
  kind text not null,
  -- Whose: a seller's id, a country, a market, a provider.
  owner text not null,
  currency text not null,
  balance_minor bigint not null default 0,
  unique (kind, owner, currency),
  unique (id, currency)
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
  account_id uuid not null,
  -- Debit above zero, credit below.
  minor bigint not null check (minor <> 0),
  currency text not null,
  primary key (posting_id, n),
  foreign key (account_id, currency) references account (id, currency)
);
create index entry_account on entry (account_id);

-- The sandbox provider's own books: what would be at the bank.
create table sandbox_token (
  token text primary key,
  behaviour text not null,
  brand text not null,
  last4 text not null,
  -- A lasting token pays again and again; another one pays once.
  lasting boolean not null,
  at timestamptz not null,
  expires_at timestamptz not null
);

create table sandbox_intent (
  id text primary key,
  market text not null,
  -- The caller's idempotency key.
  key uuid not null unique,
  token text references sandbox_token,
  kept_token text references sandbox_token,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in
    ('action', 'pending', 'succeeded', 'declined', 'cancelled')),
  reason text,
  at timestamptz not null,
  -- When a late one settles.
  settles_at timestamptz
);
create unique index sandbox_intent_token on sandbox_intent (token)
  where left(token, 4) = 'tok_';
create index sandbox_intent_late on sandbox_intent (settles_at) where settles_at is not null;

create table sandbox_refund (
  id text primary key,
  intent_id text not null references sandbox_intent,
  key uuid not null unique,
  minor bigint not null check (minor > 0),
  at timestamptz not null
);
create index sandbox_refund_intent on sandbox_refund (intent_id);

create table sandbox_webhook (
  id text primary key,
  market text not null,
  body text not null,
  at timestamptz not null,
  next_try_at timestamptz,
  attempts smallint not null default 0,
  delivered_at timestamptz,
  error text
);
create index sandbox_webhook_due on sandbox_webhook (next_try_at) where next_try_at is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
