"""Parcels: Fulfilment, returns, refunds."""

from alembic import op

revision = "20261121_13"
down_revision = "20261121_12"

UP = """
alter table orders
  drop constraint orders_state_check,
  add constraint orders_state_check check (state in
    ('placed', 'paid', 'declined', 'refused', 'packed', 'shipped', 'delivered', 'cancelled',
     'returned', 'refunded'));
create index orders_open on orders (seller_id, state, id desc)
  where state in ('paid', 'packed', 'shipped');

-- When an order came to each state after it was paid; no state is entered twice.
create table order_step (
  order_id uuid not null references orders,
  state text not null,
  -- Who did it; empty: the buyer by their link, or the clock.
  person_id uuid references person,
  at timestamptz not null,
  primary key (order_id, state)
);

-- What became of the units and the money of a line; made when the line is first touched.
create table fulfilment (
  order_id uuid not null,
  n smallint not null,
  quantity int not null,
  -- Goods and shipping as the buyer paid them.
  paid_minor bigint not null,
  cancelled int not null default 0 check (cancelled >= 0),
  shipped int not null default 0 check (shipped >= 0),
  lost int not null default 0 check (lost >= 0),
  -- Units of returns that have not arrived.
  asked int not null default 0 check (asked >= 0),
  returned int not null default 0 check (returned >= 0),
  -- Set aside for the buyer, on its way or with them: units, and money with or without units.
  refunded int not null default 0 check (refunded between 0 and quantity),
  refunded_minor bigint not null default 0,
  primary key (order_id, n),
  foreign key (order_id, n) references order_line,
  constraint fulfilment_sent check (cancelled + shipped <= quantity),
  constraint fulfilment_back check (lost + asked + returned <= shipped),
  constraint fulfilment_refunded check (refunded_minor between 0 and paid_minor)
);

create table parcel (
  -- The key of the request: the same request twice is the same parcel.
  id uuid primary key,
  order_id uuid not null references orders,
  market text not null references market,
  carrier text not null,
  -- The carrier's number; empty when it has none.
  tracking text not null,
  state text not null check (state in ('shipped', 'delivered', 'lost')),
  shipped_at timestamptz not null,
  ended_at timestamptz,
  -- Nobody told of the delivery: too long ago that it was sent.
  assumed boolean not null default false,
  check ((state = 'shipped') = (ended_at is null))
);
create index parcel_order on parcel (order_id);
create index parcel_under_way on parcel (shipped_at) where state = 'shipped';

create table parcel_line (
  parcel_id uuid not null references parcel,
  order_id uuid not null,
  n smallint not null,
  quantity int not null check (quantity > 0),
  primary key (parcel_id, n),
  foreign key (order_id, n) references order_line
);

-- A return: what a buyer sends back.
create table giving_back (
  -- The key of the request.
  id uuid primary key,
  order_id uuid not null references orders,
  market text not null references market,
  state text not null check (state in ('asked', 'received', 'closed')),
  -- In the buyer's words; they need not give any.
  reason text not null,
  -- Where to send it, in the seller's words; empty until they said so.
  send_to text not null default '',
  -- The seller's label in the object store.
  label text,
  at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'asked') = (ended_at is null))
);
create index giving_back_order on giving_back (order_id);
create index giving_back_open on giving_back (market, at) where state = 'asked';

create table giving_back_line (
  giving_back_id uuid not null references giving_back,
  order_id uuid not null,
  n smallint not null,
  quantity int not null check (quantity > 0),
  received int not null default 0 check (received between 0 and quantity),
  primary key (giving_back_id, n),
  foreign key (order_id, n) references order_line
);

create table order_refund (
  -- The key of the request.
  id uuid primary key,
  -- The provider's key for it: another one each time it is asked again.
  key uuid not null unique,
  order_id uuid not null references orders,
  market text not null references market,
  reason text not null check (reason in ('cancelled', 'withdrawal', 'lost', 'goodwill')),
  -- What failed is asked again; until then its money is still set aside for the buyer.
  state text not null check (state in ('asked', 'done', 'failed')),
  minor bigint not null check (minor >= 0),
  currency text not null,
  -- To the buyer.
  note text not null,
  -- Who asked for it; empty: the buyer.
  person_id uuid references person,
  failure text,
  at timestamptz not null,
  ended_at timestamptz
);
create index order_refund_order on order_refund (order_id);
create index order_refund_failed on order_refund (market, at) where state = 'failed';

-- What it takes back of each part of a line; frozen when it is asked for.
create table order_refund_line (
  refund_id uuid not null references order_refund,
  order_id uuid not null,
  n smallint not null,
  quantity int not null check (quantity >= 0),
  goods_minor bigint not null check (goods_minor >= 0),
  subsidy_minor bigint not null check (subsidy_minor >= 0),
  vat_minor bigint not null check (vat_minor >= 0),
  commission_minor bigint not null check (commission_minor >= 0),
  creator_minor bigint not null check (creator_minor >= 0),
  shipping_minor bigint not null check (shipping_minor >= 0),
  shipping_subsidy_minor bigint not null check (shipping_subsidy_minor >= 0),
  shipping_vat_minor bigint not null check (shipping_vat_minor >= 0),
  primary key (refund_id, n),
  foreign key (order_id, n) references order_line
);
create index order_refund_line_order on order_refund_line (order_id);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
