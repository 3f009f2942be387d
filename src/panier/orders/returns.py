"""Returns: what a buyer is told of sending back what they bought.

The right is that of EU directive 2011/83, articles 9 to 16, and of the United Kingdom's Consumer
Contracts Regulations 2013. One text holds for both: where they differ by days, the buyer's side.
"""

from collections.abc import Sequence

import msgspec

from panier.kit.i18n import _
from panier.orders.queries import Order

WITHDRAWAL_DAYS = 14
"""To withdraw after delivery; then to send back; for the seller, to refund."""


class Returns(msgspec.Struct, frozen=True):
    """How to send back, in the reader's language: the right, what to do, what stays bought."""

    right: str
    steps: list[str]
    exceptions: str


def tell_returns(orders: Sequence[Order]) -> Returns:
    """Tell how to send orders back."""
    return Returns(
        right=_(
            "You may withdraw from this purchase until %(days)s days after delivery. You need not"
            " give a reason.",
            days=WITHDRAWAL_DAYS,
        ),
        steps=[
            _(
                "Open your order and choose what you send back; we tell the seller, and you where"
                " to send it."
            ),
            _("Send it back within %(days)s days after you have told us.", days=WITHDRAWAL_DAYS),
            _(
                "The seller (%(sellers)s) refunds it to the card you paid with, and the delivery"
                " too if the whole order goes back: within %(days)s days after you have told us,"
                " but not before the goods are there or you have shown that you sent them.",
                sellers=", ".join(dict.fromkeys(order.seller_name for order in orders)),
                days=WITHDRAWAL_DAYS,
            ),
        ],
        exceptions=_(
            "This does not apply to goods that were made to your wishes, that spoil quickly, or"
            " whose hygiene seal you have broken."
        ),
    )
