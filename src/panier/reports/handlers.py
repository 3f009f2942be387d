"""Reactions: a show's end writes its report, a late payment has it brought up to date."""

from panier.events import OrderPaid, ShowEnded
from panier.kit.db import Tx
from panier.reports.actions import mark_stale, write_report
from panier.reports.aired import find_aired


async def write_show_report(tx: Tx, event: ShowEnded) -> None:
    """Write the feedback report, seconds after the end."""
    show = await find_aired(tx, event.show)
    if show is not None and show.live_at is not None:
        await write_report(tx, show)


async def count_late_payment(tx: Tx, event: OrderPaid) -> None:
    """Have the report of an ended show brought up to date; on air there is none to change."""
    if event.show is not None:
        await mark_stale(tx, event.show)
