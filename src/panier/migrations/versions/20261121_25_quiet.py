"""Indexes of what waits that serve one question each, however quiet it was when it was counted."""

from alembic import op

revision = "20261121_25"
down_revision = "20261121_24"

UP = """
-- Statistics of a quiet hour say that nothing is held and nothing waits; by them any index over
-- such rows is as cheap as any other, and one that is not sought by its key reads all of them for
-- each press. A predicate that only its own questions imply keeps an index from all others.
drop index hold_expiry;
create index hold_expiry on hold (expires_at)
  where state in ('held', 'wanted') and expires_at > '-infinity';

drop index event_waiting;
drop index event_due;
create index event_due on event (lane, id)
  where delivered_at is null and not parked and at > '-infinity';
create index event_retry on event (stream)
  where delivered_at is null and not parked and next_try_at is not null;

drop index waiting_show;
create index waiting_show on waiting (show_id)
  where state = 'waiting' and show_id is not null;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
