"""Reactions: a provider's word settles a payment, the buyer is told, consent is kept."""

from uuid import UUID

from panier import events, payments, people, taxes
from panier.kit.db import Tx
from panier.kit.errors import NotFound, PanierError
from panier.orders.letters import queue_confirmation, queue_refusal
from panier.orders.offer_letters import tell_offer
from panier.orders.queries import Checkout, find_checkout, list_orders_of
from panier.orders.settle import settle_batch

__all__ = ["confirm_by_mail", "remember_buyer", "settle_reported", "tell_offer", "tell_refusal"]


async def settle_reported(tx: Tx, event: events.PaymentReported) -> None:
    """Settle a payment as its provider reported it; late or repeated reports change nothing."""
    answer = payments.Answer(
        payment=event.payment,
        state=payments.State(event.state),
        reference=event.reference,
        reason=event.reason,
    )
    (settled,) = await settle_batch(tx, [answer])
    if isinstance(settled, PanierError):
        raise settled


async def confirm_by_mail(tx: Tx, event: events.OrderPaid) -> None:
    """Send one confirmation a checkout, when the first of its orders is told of."""
    checkout = await _first_told(tx, event.checkout, event.order)
    if checkout is not None:
        await queue_confirmation(tx, checkout)


async def tell_refusal(tx: Tx, event: events.OrderRefused) -> None:
    """Tell the buyer, once a checkout, that the stock was gone and their money goes back."""
    checkout = await _first_told(tx, event.checkout, event.order)
    if checkout is not None:
        await queue_refusal(tx, checkout)


async def remember_buyer(tx: Tx, event: events.OrderPaid) -> None:
    """Keep address and card of a buyer who asked for it, for their next purchase."""
    checkout = await _first_told(tx, event.checkout, event.order)
    if checkout is None or checkout.person is None or not checkout.remember:
        return
    await people.save_address(tx, checkout.person, checkout.sent_to)
    if checkout.business is None:
        await taxes.forget_company(tx, checkout.person)
    else:
        company = taxes.Company(checkout.business.company, checkout.business.vat_id)
        await taxes.save_company(tx, checkout.person, company)
    payment = await payments.find_payment(tx, checkout.payment)
    if payment is not None and payment.kept_token is not None:
        await payments.keep_card(tx, checkout.person, payment)


async def _first_told(tx: Tx, checkout: UUID, order: UUID) -> Checkout | None:
    """Return the checkout if `order` is its first, so that its buyer is told once."""
    orders = await list_orders_of(tx, checkout)
    found = await find_checkout(tx, checkout)
    if not orders or found is None:
        raise NotFound
    return found if min(o.id for o in orders) == order else None
