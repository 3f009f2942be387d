"""Taxes: VAT ids of buyers and sellers, and who a seller is before the law."""

from alembic import op

revision = "20261121_19"
down_revision = "20261121_18"

UP = """
-- One look-up of a VAT id, or one that is still to be made; what was answered is never changed.
create table vat_check (
  id uuid primary key,
  -- As it is written with its country before it: FR11123456782.
  vat_id text not null,
  -- ISO 3166; XI is Northern Ireland.
  country text not null,
  state text not null check (state in ('pending', 'valid', 'invalid')),
  -- What the EU's service calls its answer, where we told it who asks.
  consultation text not null default '',
  -- Empty where the member state does not tell them.
  name text not null default '',
  address text not null default '',
  -- The answer as it came.
  evidence jsonb,
  -- Why there is none yet.
  trouble text not null default '',
  at timestamptz not null,
  checked_at timestamptz,
  tries smallint not null default 0,
  -- When a worker asks again; empty when it is answered or given up.
  look_at timestamptz,
  check ((state = 'pending') = (checked_at is null))
);
create index vat_check_of on vat_check (vat_id, checked_at desc);
create unique index vat_check_pending on vat_check (vat_id) where state = 'pending';
create index vat_check_look on vat_check (look_at) where look_at is not null;

-- Who a seller is before the law; it stands on invoices as it was when they were written.
create table seller_legal (
  seller_id uuid primary key references seller,
  name text not null,
  line1 text not null,
  line2 text not null,
  postcode text not null,
  city text not null,
  country text not null,
  -- Empty: not registered for VAT.
  vat_number text not null,
  -- In the trade register, with its court or town.
  registration text not null,
  email text not null,
  person_id uuid references person,
  at timestamptz not null
);

-- The company that a person lets us keep with their address.
create table saved_company (
  person_id uuid primary key references person on delete cascade,
  name text not null,
  vat_id text not null,
  at timestamptz not null
);

-- For which company a checkout is, its VAT id, and by which look-up no VAT is charged, if none is.
alter table checkout add column business jsonb;

-- Totals of a quarter: sales count on the day of the payment, credit notes on their own.
create index document_paid on document (market, (body->>'paid_on')) where kind = 'invoice';
create index document_day on document (market, day) where kind = 'credit_note';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
