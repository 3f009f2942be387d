"""Video: channels and recorded segments."""

from alembic import op

revision = "20261121_05"
down_revision = "20261121_04"

UP = """
create table channel (
  show_id uuid primary key,
  market text not null,
  -- Part of every playback address; unknown to viewers before the show is theirs to see.
  token text not null,
  -- Counts up when the host asks for a new stream key.
  generation int not null default 1,
  state text not null check (state in ('waiting', 'live', 'lost', 'ended')),
  at timestamptz not null,
  ended_at timestamptz
);

create table segment (
  show_id uuid not null references channel,
  number int not null,
  -- Counts up with each connection of the encoder; a change is a discontinuity.
  session int not null,
  starts_at timestamptz not null,
  seconds double precision not null check (seconds > 0),
  bytes int not null check (bytes > 0),
  primary key (show_id, number)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
