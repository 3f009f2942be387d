"""Invoices: Numbered documents of sales and of what was given back."""

from alembic import op

revision = "20261121_17"
down_revision = "20261121_16"

UP = """
-- The last number that a seller gave in a year; its row is locked while the next one is taken.
create table document_series (
  seller_id uuid not null references seller,
  kind text not null check (kind in ('invoice', 'credit_note')),
  -- Of the market's calendar.
  year smallint not null,
  last int not null check (last >= 0),
  -- When it was taken: no number is dated before the one ahead of it.
  at timestamptz not null,
  primary key (seller_id, kind, year)
);

-- Written once, never changed.
create table document (
  id uuid primary key,
  kind text not null check (kind in ('invoice', 'credit_note')),
  market text not null references market,
  seller_id uuid not null references seller,
  order_id uuid not null references orders,
  -- Of a credit note: what it is about, and the invoice that it lowers.
  refund_id uuid unique references order_refund,
  invoice_id uuid references document,
  year smallint not null,
  n int not null check (n > 0),
  number text not null,
  -- Its date on the market's calendar.
  day date not null,
  -- The buyer's.
  language text not null,
  currency text not null,
  -- Sums of the body's rows; VAT inside gross. Credit notes are above zero too.
  gross_minor bigint not null check (gross_minor >= 0),
  vat_minor bigint not null check (vat_minor >= 0),
  -- All that it says, as invoices/rules.py has it.
  body jsonb not null,
  at timestamptz not null,
  constraint document_counted unique (seller_id, kind, year, n),
  constraint document_numbered unique (market, number),
  check ((kind = 'credit_note') = (refund_id is not null)),
  check ((kind = 'credit_note') = (invoice_id is not null))
);
create unique index document_invoice on document (order_id) where kind = 'invoice';
create index document_order on document (order_id);
create index document_market on document (market, year, id desc);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
