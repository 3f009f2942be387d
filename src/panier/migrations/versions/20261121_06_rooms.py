"""Rooms: the numbered log, who was there."""

from alembic import op

revision = "20261121_06"
down_revision = "20261121_05"

UP = """
create table room (
  show_id uuid primary key,
  market text not null,
  seq bigint not null default 0 check (seq >= 0)
);

create table room_log (
  show_id uuid not null references room,
  seq bigint not null,
  kind text not null,
  body jsonb not null,
  at timestamptz not null,
  -- The request's own: one that is repeated after a broken connection is written once.
  key uuid,
  primary key (show_id, seq)
);
create unique index room_log_key on room_log (key) where key is not null;
create index room_log_state on room_log (show_id, seq) where kind not in ('chat', 'purchase');

-- Ten-second samples of each gateway, for the report's curve.
create table room_sample (
  show_id uuid not null references room,
  at timestamptz not null,
  gateway text not null,
  viewers int not null,
  hearts int not null,
  primary key (show_id, at, gateway)
);

-- One row a device (its cookie) and show.
create table room_visit (
  show_id uuid not null references room,
  visitor uuid not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  seconds int not null default 0,
  primary key (show_id, visitor)
);

create table room_mute (
  show_id uuid not null references room,
  author text not null,
  at timestamptz not null,
  primary key (show_id, author)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
