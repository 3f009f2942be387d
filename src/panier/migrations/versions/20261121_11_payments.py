"""Payments: The provider's port, refunds, disputes, transfers, payouts."""

from alembic import op

revision = "20261121_11"
down_revision = "20261121_10"

UP = """
alter table payment
  -- What is asked back or went back; refunds that failed are taken off again.
  add column refunded_minor bigint not null default 0,
  -- What the buyers' banks hold or keep; told by the provider, so it is not checked.
  add column disputed_minor bigint not null default 0,
  add constraint payment_refunded check (refunded_minor between 0 and minor);

create table payment_refund (
  -- The key of whoever asked; the provider is asked by it too.
  id uuid primary key,
  payment_id uuid not null references payment,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in ('requested', 'done', 'failed')),
  reason text,
  reference text,
  at timestamptz not null,
  changed_at timestamptz not null,
  -- When a worker asks the provider next; empty when it is finished.
  look_at timestamptz,
  looks smallint not null default 0
);
create index payment_refund_payment on payment_refund (payment_id);
create index payment_refund_look on payment_refund (look_at) where look_at is not null;

create table dispute (
  id uuid primary key,
  payment_id uuid not null references payment,
  provider text not null,
  reference text not null,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in ('open', 'won', 'lost')),
  reason text not null,
  at timestamptz not null,
  closed_at timestamptz,
  unique (provider, reference)
);
create index dispute_payment on dispute (payment_id);

-- Where a provider keeps a seller's or creator's money until their bank has it.
create table payment_account (
  owner uuid not null,
  provider text not null,
  kind text not null check (kind in ('seller', 'creator')),
  market text not null,
  reference text not null,
  state text not null check (state in ('pending', 'active', 'restricted')),
  at timestamptz not null,
  changed_at timestamptz not null,
  primary key (owner, provider),
  unique (provider, reference)
);

-- Cards that somebody forgot here and that the provider has to forget too.
create table card_to_forget (
  provider text not null,
  token text not null,
  at timestamptz not null,
  look_at timestamptz not null,
  looks smallint not null default 0,
  primary key (provider, token)
);
create index card_to_forget_look on card_to_forget (look_at);

alter table sandbox_intent
  add column refunded_minor bigint not null default 0,
  add constraint sandbox_intent_refunded check (refunded_minor between 0 and minor),
  drop constraint sandbox_intent_state_check,
  add constraint sandbox_intent_state_check check (state in
    ('action', 'pending', 'authorised', 'succeeded', 'declined', 'cancelled'));

alter table sandbox_refund
  add column state text not null default 'succeeded'
    check (state in ('pending', 'succeeded', 'failed')),
  add column reason text,
  -- What becomes of it, and when.
  add column becomes text check (becomes in ('succeeded', 'failed')),
  add column settles_at timestamptz;
create index sandbox_refund_due on sandbox_refund (settles_at) where settles_at is not null;

create table sandbox_dispute (
  id text primary key,
  intent_id text not null unique references sandbox_intent,
  minor bigint check (minor > 0),
  reason text not null,
  state text not null check (state in ('coming', 'open', 'won', 'lost')),
  at timestamptz not null,
  opens_at timestamptz,
  closed_at timestamptz
);
create index sandbox_dispute_due on sandbox_dispute (opens_at) where opens_at is not null;

create table sandbox_account (
  id text primary key,
  key text not null unique,
  market text not null,
  kind text not null,
  country text not null,
  behaviour text not null,
  state text not null check (state in ('pending', 'active', 'restricted')),
  at timestamptz not null
);

create table sandbox_transfer (
  id text primary key,
  key uuid not null unique,
  market text not null,
  account_id text not null references sandbox_account,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in ('pending', 'succeeded', 'failed')),
  reason text,
  reversed_minor bigint not null default 0 check (reversed_minor between 0 and minor),
  at timestamptz not null,
  settles_at timestamptz
);
create index sandbox_transfer_due on sandbox_transfer (settles_at) where settles_at is not null;
create index sandbox_transfer_account on sandbox_transfer (account_id);

create table sandbox_reversal (
  id text primary key,
  key uuid not null unique,
  transfer_id text not null references sandbox_transfer,
  minor bigint not null check (minor > 0),
  at timestamptz not null
);

create table sandbox_payout (
  id text primary key,
  key uuid not null unique,
  account_id text not null references sandbox_account,
  minor bigint not null check (minor > 0),
  currency text not null,
  state text not null check (state in ('pending', 'paid', 'failed')),
  at timestamptz not null,
  settles_at timestamptz
);
create index sandbox_payout_due on sandbox_payout (settles_at) where settles_at is not null;
create index sandbox_payout_account on sandbox_payout (account_id);

-- The fault switch: one row, in per cent; see the guide of the sandbox.
create table sandbox_fault (
  one boolean primary key default true check (one),
  seed bigint not null,
  lost smallint not null check (lost between 0 and 100),
  unheard smallint not null check (unheard between 0 and 100),
  broken smallint not null check (broken between 0 and 100),
  duplicate smallint not null check (duplicate between 0 and 100),
  shuffled smallint not null check (shuffled between 0 and 100)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
