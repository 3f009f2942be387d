"""Reactions: a paid order gets its invoice, a refund its credit note."""

from panier import events
from panier.invoices.actions import write_credit_note, write_invoice
from panier.kit.clock import now
from panier.kit.db import Tx


async def invoice(tx: Tx, event: events.OrderPaid) -> None:
    """Write the order's invoice."""
    await write_invoice(tx, event.order, now())


async def credit(tx: Tx, event: events.OrderRefunded) -> None:
    """Write the refund's credit note.

    A refund that a bank sent back keeps it: its money is still the buyer's and is sent again.
    """
    if (event.paid + event.subsidy).minor > 0:
        await write_credit_note(tx, event.order, event.refund, now())
