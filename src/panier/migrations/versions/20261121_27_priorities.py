"""Lanes by priority, so that what a room waits for passes what follows its sales."""

from alembic import op

revision = "20261121_27"
down_revision = "20261121_26"

UP = """
-- Lanes 0 to 15 stay what they are; 16 to 19 are for what is too late in minutes, 20 to 23 for what
-- a buyer waits for, 24 to 31 for what a room does.
insert into delivery_lane select generate_series(16, 31);

-- What waits goes on in the order of its stream.
update event set lane = 24 + lane % 8
where delivered_at is null and kind in ('ShowScheduled', 'ShowRehearsing', 'ShowWentLive',
  'ShowEnded', 'ShowCancelled', 'ProductPinned', 'ProductUnpinned', 'StreamStarted', 'StreamLost',
  'SoldOut', 'BackInStock', 'LowStock');
update event set lane = 20 + lane % 4 where delivered_at is null and kind = 'PaymentReported';
update event set lane = 16 + lane % 4
where delivered_at is null and kind in ('WaitingOffered', 'DealAsked');

-- Nobody hears these; each was tried for twenty minutes, while its stream stood still, and parked.
update event set delivered_at = now(), parked = false
where delivered_at is null and kind in ('HoldExpired', 'RecordingReady');

-- Sales came after the report was written: it is written anew, once for all of them.
alter table show_report add column stale boolean not null default false;
create index show_report_stale on show_report (show_id) where stale;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
