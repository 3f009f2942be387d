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
  -- A process that serves the channel takes a block of session numbers, so that no address
  -- is ever used twice, whatever a killed process had already given out.
  sessions int not null default 0,
  at timestamptz not null,
  -- The replay begins here; what the encoder sent before is rehearsal.
  live_at timestamptz,
  ended_at timestamptz,
  -- The last segment is written and the replay complete.
  recorded_at timestamptz
);
create index channel_unfinished on channel (ended_at)
  where state = 'ended' and recorded_at is null;
create index channel_on_air on channel (show_id) where state in ('live', 'lost');

create table segment (
  show_id uuid not null references channel,
  -- The media sequence number of the live playlist; gaps are allowed.
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
