"""Reactions: a show's end asks for its report, a late payment has it brought up to date."""

from panier.events import OrderPaid, ShowEnded
from panier.kit.db import Tx
from panier.reports.actions import ask_for_report, mark_stale
from panier.reports.aired import find_aired


async def ask_for_show_report(tx: Tx, event: ShowEnded) -> None:
    """Ask for the feedback report; a timer writes it within a second or two.

    Not here: a long show takes a while to read, and other rooms wait for their pins.
    """
    show = await find_aired(tx, event.show)
    if show is not None and show.live_at is not None:
        await ask_for_report(tx, show)


async def count_late_payment(tx: Tx, event: OrderPaid) -> None:
    """Have the report of an ended show brought up to date; on air there is none to change."""
    if event.show is not None:
        await mark_stale(tx, event.show)
