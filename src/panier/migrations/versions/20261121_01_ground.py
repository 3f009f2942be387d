"""Ground: events, receipts, delivery lanes, mail."""

from alembic import op

revision = "20261121_01"
down_revision = None

UP = """
create table event (
  id uuid primary key,
  lane smallint not null,
  stream uuid not null,
  market text not null,
  kind text not null,
  body jsonb not null,
  at timestamptz not null,
  delivered_at timestamptz,
  attempts smallint not null default 0,
  next_try_at timestamptz,
  error text,
  parked boolean not null default false
);
create index event_due on event (lane, id) where delivered_at is null and not parked;
create index event_waiting on event (stream, id) where delivered_at is null and not parked;
create index event_parked on event (id) where parked;

create table receipt (
  event_id uuid not null,
  handler text not null,
  at timestamptz not null,
  primary key (event_id, handler)
);

create table delivery_lane (lane smallint primary key);
insert into delivery_lane select generate_series(0, 15);

create table mail (
  id uuid primary key,
  recipient text not null,
  subject text not null,
  body_text text not null,
  body_html text not null,
  at timestamptz not null,
  next_try_at timestamptz not null,
  attempts smallint not null default 0,
  error text,
  sent_at timestamptz
);
create index mail_due on mail (next_try_at) where sent_at is null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
