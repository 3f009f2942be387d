"""Returns: what a buyer is told of sending back, and of giving up what they booked.

The right is that of EU directive 2011/83, articles 9 to 16, and of the United Kingdom's Consumer
Contracts Regulations 2013. One text holds for both: where they differ by days, the buyer's side.
"""

from collections.abc import Sequence

import msgspec

from panier import catalog
from panier.kit.i18n import _
from panier.orders.queries import Order, OrderLine

WITHDRAWAL_DAYS = 14
"""To withdraw after delivery; then to send back; for the seller, to refund."""


class Returns(msgspec.Struct, frozen=True):
    """What can be undone, in the reader's language: the right, what to do, what stays bought."""

    right: str
    """Empty where nothing can be sent back."""
    steps: list[str]
    exceptions: list[str]
    """What stays bought, with the reason."""
    bookings: str
    """How to give up what was booked; empty where nothing was."""


def tell_returns(orders: Sequence[Order], lines: Sequence[OrderLine]) -> Returns:
    """Tell how to send back what these lines of orders hold."""
    exempt = dict.fromkeys(
        (line.title, catalog.tell_exemption(line.withdrawal))
        for line in lines
        if line.withdrawal != catalog.Withdrawal.ALLOWED
    )
    may_go_back = {catalog.Withdrawal.ALLOWED, *catalog.SEALED}
    goods = [line for line in lines if not line.starts_at and line.withdrawal in may_go_back]
    sellers = {line.order for line in goods}
    names = dict.fromkeys(order.seller_name for order in orders if order.id in sellers)
    return Returns(
        right=_(
            "You may withdraw from this purchase until %(days)s days after delivery. You need not"
            " give a reason.",
            days=WITHDRAWAL_DAYS,
        )
        if goods
        else "",
        steps=_steps(", ".join(names)) if goods else [],
        exceptions=[f"{title}: {reason}" for title, reason in exempt],
        bookings=_(
            "What you booked can be cancelled on your order page until the time that stands there;"
            " the money goes back to your card."
        )
        if any(line.starts_at for line in lines)
        else "",
    )


def _steps(sellers: str) -> list[str]:
    return [
        _(
            "Open your order and choose what you send back; we tell the seller, and you where"
            " to send it."
        ),
        _("Send it back within %(days)s days after you have told us.", days=WITHDRAWAL_DAYS),
        _(
            "The seller (%(sellers)s) refunds it to the card you paid with, and the delivery"
            " too if the whole order goes back: within %(days)s days after you have told us,"
            " but not before the goods are there or you have shown that you sent them.",
            sellers=sellers,
            days=WITHDRAWAL_DAYS,
        ),
    ]
