"""A dispute with the sale behind it, and what there is to tell a bank of that sale.

It is written in the buyer's language, which is most likely their bank's. Only what we know is told:
that a parcel arrived counts where somebody said so, not where we assumed it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date

from panier import invoices, orders, parcels, payments, web
from panier.invoices import Document
from panier.kit.db import Tx
from panier.kit.i18n import _, current_language, use_language
from panier.kit.money import Money
from panier.markets import Market
from panier.orders import Checkout
from panier.parcels import Parcel, Story
from panier.payments import Dispute, DisputeAnswer, Evidence, Payment, Proof


class Case(msgspec.Struct):
    """What there is to know of a dispute."""

    dispute: Dispute
    payment: Payment
    checkout: Checkout | None
    stories: list[Story]
    answer: DisputeAnswer | None
    market: Market

    @property
    def numbers(self) -> str:
        """Return the numbers of the orders that the payment paid."""
        return ", ".join(story.order.number for story in self.stories)

    @property
    def parcels(self) -> list[Parcel]:
        """Return all that was sent."""
        return [parcel for story in self.stories for parcel in story.parcels]


async def find_case(tx: Tx, market: Market, dispute: UUID) -> Case:
    """Return a market's case; raises NotFound."""
    found = await payments.find_dispute(tx, dispute, market.code)
    payment, found = await payments.find_case(tx, found.payment, dispute)
    checkout = await orders.find_checkout_of(tx, payment.id)
    placed = await orders.list_orders_of(tx, checkout.id) if checkout else []
    return Case(
        dispute=found,
        payment=payment,
        checkout=checkout,
        stories=await parcels.list_stories(tx, placed, market.time_zone),
        answer=await payments.find_answer(tx, dispute),
        market=market,
    )


def gather(case: Case, words: str = "") -> Evidence:
    """Write down, in the buyer's language, what we know of the sale, after somebody's `words`."""
    checkout = case.checkout
    if checkout is None:
        return Evidence(product="", buyer="", email="", statement=words)
    with use_language(checkout.language):
        to = checkout.sent_to
        town = f"{to.postcode} {to.city}"
        country = web.territory_name(to.country, checkout.language)
        lines = [line for story in case.stories for line in story.lines]
        return Evidence(
            product="\n".join(_products(case)),
            buyer=checkout.name,
            email=checkout.email,
            sent_to="\n".join(filter(None, (checkout.name, to.line1, to.line2, town, country))),
            carrier=_list(_(parcel.carrier_name) for parcel in case.parcels),
            tracking=_list(parcel.tracking for parcel in case.parcels),
            sent_on=_list(_day(case, parcel.shipped_at) for parcel in case.parcels),
            took_place_on=_list(_day(case, line.starts_at) for line in lines if line.starts_at),
            statement="\n\n".join(filter(None, (words, "\n".join(_history(case))))),
        )


def _products(case: Case) -> Iterable[str]:
    for story in case.stories:
        yield _("Order %(number)s", number=story.order.number)
        for line in story.lines:
            what = f"{line.title}, {line.variant_title}" if line.variant_title else line.title
            yield f"{line.quantity} × {what} ({line.sku}) – {_write(line.total)}"
        if story.order.shipping:
            yield _("Delivery: %(amount)s", amount=_write(story.order.shipping))


def _history(case: Case) -> Iterable[str]:
    """Say in sentences what became of the sale."""
    paid = next((s.order.paid_at for s in case.stories if s.order.paid_at), None)
    if paid is not None:
        amount = _write(case.payment.amount)
        yield _("Paid on %(day)s: %(amount)s.", day=_day(case, paid), amount=amount)
    for parcel in case.parcels:
        yield _(
            "Handed to %(carrier)s on %(day)s: %(number)s.",
            carrier=_(parcel.carrier_name),
            day=_day(case, parcel.shipped_at),
            number=parcel.tracking or _("without a number"),
        )
        if parcel.state == "delivered" and parcel.ended_at and not parcel.assumed:
            yield _("Delivered on %(day)s.", day=_day(case, parcel.ended_at))
        if parcel.state == "lost" and parcel.ended_at:
            yield _("Lost on its way, as noted on %(day)s.", day=_day(case, parcel.ended_at))
    for refund in (refund for story in case.stories for refund in story.refunds):
        if refund.state == "done" and not refund.dispute and refund.ended_at:
            yield _(
                "Given back to the buyer on %(day)s: %(amount)s.",
                day=_day(case, refund.ended_at),
                amount=_write(refund.amount),
            )


async def list_invoices(tx: Tx, case: Case) -> list[Document]:
    """List the invoices of a case that are written."""
    found = [await invoices.find_invoice(tx, story.order.id) for story in case.stories]
    return [document for document in found if document is not None]


async def print_receipt(documents: Sequence[Document]) -> Proof | None:
    """Set invoices as one PDF; None where there are none."""
    if not documents:
        return None
    body = await asyncio.to_thread(invoices.print_pdf, *documents)
    name = "-".join(document.number for document in documents[:3])
    return Proof("receipt", f"{name}.pdf", "application/pdf", body)


def _write(amount: Money) -> str:
    return amount.format(current_language())


def _day(case: Case, moment: datetime) -> str:
    zone = ZoneInfo(case.market.time_zone)
    return str(format_date(moment.astimezone(zone), "long", current_language()))


def _list(words: Iterable[str]) -> str:
    """Write each word once."""
    return ", ".join(dict.fromkeys(word for word in words if word))
