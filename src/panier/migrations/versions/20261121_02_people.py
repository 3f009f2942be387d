"""Markets, VAT and fees; people, roles, sessions."""

from alembic import op

revision = "20261121_02"
down_revision = "20261121_01"

UP = """
create table market (
  code text primary key check (code ~ '^[A-Z]{2}$'),
  name text not null,
  country text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  languages text[] not null check (cardinality(languages) > 0),
  time_zone text not null,
  stage text not null
    check (stage in ('draft', 'pilot', 'open', 'paused', 'closing', 'closed'))
);

-- A rate holds from valid_from (inclusive) until the next one of its kind begins.
create table vat_rate (
  country text not null,
  category text not null,
  valid_from date not null,
  basis_points int not null check (basis_points between 0 and 10000),
  primary key (country, category, valid_from)
);

create table fee (
  market text not null references market,
  kind text not null check (kind in ('commission')),
  valid_from date not null,
  basis_points int not null check (basis_points between 0 and 10000),
  primary key (market, kind, valid_from)
);

create table person (
  id uuid primary key,
  email text not null check (email = lower(email)),
  name text not null,
  password_hash text not null,
  language text not null,
  at timestamptz not null,
  unique (email)
);

-- What a person may do: seller names whose staff they are; a market is where it holds.
create table role (
  person_id uuid not null references person on delete cascade,
  role text not null check (role in ('host', 'seller', 'market', 'finance', 'admin')),
  market text not null references market,
  seller_id uuid,
  unique nulls not distinct (person_id, role, market, seller_id)
);

create table session (
  token_hash bytea primary key,
  person_id uuid not null references person on delete cascade,
  device text not null,
  at timestamptz not null,
  expires_at timestamptz not null
);
create index session_person on session (person_id);

-- What a person let us keep for the next purchase.
create table saved_address (
  person_id uuid primary key references person on delete cascade,
  address jsonb not null,
  at timestamptz not null
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
