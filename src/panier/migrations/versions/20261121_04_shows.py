"""Shows, run sheets and pins."""

from alembic import op

revision = "20261121_04"
down_revision = "20261121_03"

UP = """
create table show (
  id uuid primary key,
  market text not null references market,
  slug text not null,
  title text not null,
  language text not null,
  host_id uuid not null references person,
  cover text,
  state text not null
    check (state in ('scheduled', 'rehearsing', 'live', 'ended', 'cancelled')),
  starts_at timestamptz not null,
  live_at timestamptz,
  ended_at timestamptz,
  at timestamptz not null,
  unique (market, slug)
);
create index show_calendar on show (market, state, starts_at);

create table run_sheet (
  show_id uuid not null references show on delete cascade,
  position smallint not null,
  product_id uuid not null references product,
  primary key (show_id, product_id)
);
create index run_sheet_product on run_sheet (product_id);

create table pin (
  id uuid primary key,
  show_id uuid not null references show,
  product_id uuid not null references product,
  pinned_at timestamptz not null,
  unpinned_at timestamptz
);
create unique index pin_one_at_a_time on pin (show_id) where unpinned_at is null;
create index pin_show on pin (show_id, pinned_at);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
