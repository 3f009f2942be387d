"""What a buyer's bank is told in a dispute: evidence, or that we give in."""

from alembic import op

revision = "20261121_26"
down_revision = "20261121_25"

UP = """
-- One a dispute, for a bank hears us once. Frozen as it was asked for, and sent by a worker.
create table dispute_answer (
  dispute_id uuid primary key references dispute,
  key uuid not null unique,
  state text not null check (state in ('asked', 'taken', 'refused')),
  -- Why the provider did not take it.
  reason text,
  person_id uuid not null references person,
  -- Empty: we give in.
  evidence jsonb,
  at timestamptz not null,
  changed_at timestamptz not null,
  look_at timestamptz,
  looks int not null default 0,
  check ((state = 'asked') = (look_at is not null)),
  check ((state = 'refused') = (reason is not null))
);
create index dispute_answer_due on dispute_answer (look_at) where look_at is not null;

create table dispute_document (
  dispute_id uuid not null references dispute_answer,
  what text not null check (what in ('receipt', 'proof')),
  name text not null,
  media_type text not null,
  body bytea not null,
  primary key (dispute_id, what)
);

-- What sellers tell finance, who tell the bank.
create table dispute_note (
  dispute_id uuid not null references dispute,
  seller_id uuid not null references seller,
  person_id uuid not null references person,
  words text not null,
  name text,
  media_type text,
  body bytea,
  at timestamptz not null,
  primary key (dispute_id, seller_id),
  check ((body is null) = (name is null) and (body is null) = (media_type is null))
);

alter table dispute add column reminded_at timestamptz;
create index dispute_pressing on dispute (evidence_until)
  where state = 'open' and reminded_at is null;

alter table sandbox_dispute add column evidence jsonb;
alter table sandbox_dispute add column evidence_at timestamptz;
alter table sandbox_dispute add column evidence_key uuid;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
