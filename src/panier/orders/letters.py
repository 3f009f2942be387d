"""Mails to buyers, in their language, as text and as HTML; queued with what they tell of."""

from panier import catalog, markets, payments, web
from panier.kit.db import Tx
from panier.kit.i18n import _, use_language
from panier.kit.mail import queue_mail
from panier.orders.queries import Checkout, list_lines, list_orders_of
from panier.orders.returns import tell_returns


async def queue_confirmation(tx: Tx, checkout: Checkout) -> None:
    """Confirm a paid checkout to its buyer."""
    with use_language(checkout.language):
        subject = _("Your order: %(total)s paid", total=checkout.total.format(checkout.language))
        await _queue(tx, checkout, subject, "mail")


async def queue_refusal(tx: Tx, checkout: Checkout) -> None:
    """Tell a buyer that the stock was gone when their payment came, and the money goes back."""
    with use_language(checkout.language):
        await _queue(tx, checkout, _("Your money is on its way back"), "mail_refused")


async def _queue(tx: Tx, checkout: Checkout, subject: str, template: str) -> None:
    orders = await list_orders_of(tx, checkout.id)
    lines = await list_lines(tx, [order.id for order in orders])
    booked = [line for of in lines.values() for line in of if line.starts_at]
    told = {
        "checkout": checkout,
        "orders": orders,
        "lines": lines,
        "sent": len(booked) < sum(len(of) for of in lines.values()),
        "arrivals": await catalog.list_arrivals(tx, [line.product for line in booked]),
        "payment": await payments.find_payment(tx, checkout.payment),
        "address": checkout.sent_to,
        "subject": subject,
        "returns": tell_returns(orders, [line for of in lines.values() for line in of]),
    }
    market = await markets.get_market(tx, checkout.market)
    text, html = (
        web.render_letter(f"orders/{template}.{kind}", market, **told) for kind in ("txt", "html")
    )
    await queue_mail(tx, checkout.email, subject, text, html)
