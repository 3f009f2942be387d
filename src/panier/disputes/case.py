"""A dispute with the sale behind it, and what there is to tell a bank of that sale.

It is written in the buyer's language, which is most likely their bank's. Only what we know is told:
that a parcel arrived counts where somebody said so, not where we assumed it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

from panier import invoices, orders, parcels, payments, web
from panier.disputes.rules import is_to_answer
from panier.disputes.wording import day
from panier.invoices import Document
from panier.kit.db import Tx
from panier.kit.errors import NotFound
from panier.kit.i18n import _, current_language, use_language
from panier.kit.money import Money
from panier.markets import Market
from panier.orders import Checkout
from panier.parcels import Parcel, Story
from panier.payments import Dispute, DisputeAnswer, Evidence, Payment, Proof, State


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
    def sold(self) -> list[Story]:
        """Return the orders that came about: one may be refused after its payment."""
        return [story for story in self.stories if story.order.paid_at is not None]

    @property
    def parcels(self) -> list[Parcel]:
        """Return all that was sent."""
        return [parcel for story in self.stories for parcel in story.parcels]

    @property
    def to_answer(self) -> bool:
        """Tell whether somebody may answer."""
        return is_to_answer(self.dispute, self.answer)


async def find_case(tx: Tx, market: Market, dispute: UUID) -> Case:
    """Return a market's case; raises NotFound."""
    found = await payments.find_dispute(tx, dispute, market.code)
    payment = await payments.find_payment(tx, found.payment)
    if payment is None:
        raise NotFound
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


def gather(case: Case) -> Evidence:
    """Write down, in the buyer's language, what we know of the sale."""
    checkout = case.checkout
    if checkout is None:
        return Evidence(product="", buyer="", email="")
    with use_language(checkout.language):
        to = checkout.sent_to
        town = f"{to.postcode} {to.city}"
        country = web.territory_name(to.country, checkout.language)
        over = [
            line.starts_at
            for story in case.sold
            for line in story.lines
            if line.starts_at and story.units[line.n].performed
        ]
        return Evidence(
            product="\n".join(_products(case)),
            buyer=checkout.name,
            email=checkout.email,
            sent_to="\n".join(filter(None, (checkout.name, to.line1, to.line2, town, country))),
            carrier=_list(_(parcel.carrier_name) for parcel in case.parcels),
            tracking=_list(parcel.tracking for parcel in case.parcels),
            sent_on=_list(day(case.market, parcel.shipped_at) for parcel in case.parcels),
            took_place_on=_list(day(case.market, starts_at) for starts_at in over),
            history="\n".join(_history(case)),
        )


def seal(evidence: Evidence) -> str:
    """Return what tells whether somebody read the same."""
    return sha256(msgspec.json.encode(evidence)).hexdigest()


def _products(case: Case) -> Iterable[str]:
    for story in case.sold:
        yield _("Order %(number)s", number=story.order.number)
        for line in story.lines:
            what = f"{line.title}, {line.variant_title}" if line.variant_title else line.title
            yield f"{line.quantity} × {what} ({line.sku}) – {_write(line.total)}"
        if story.order.shipping:
            yield _("Delivery: %(amount)s", amount=_write(story.order.shipping))


def _history(case: Case) -> Iterable[str]:
    """Say in sentences what became of the sale."""
    for story in case.sold[:1]:
        amount, paid = _write(case.payment.amount), story.order.paid_at or story.order.at
        yield _("Paid on %(day)s: %(amount)s.", day=day(case.market, paid), amount=amount)
    if case.payment.state == State.REFUNDED:
        yield _("There was nothing left to sell. The buyer has all of the money back from us.")
    if case.payment.state == State.REFUNDING:
        yield _("There was nothing left to sell. All of the money is on its way back to the buyer.")
    for parcel in case.parcels:
        yield _(
            "Handed to %(carrier)s on %(day)s: %(number)s.",
            carrier=_(parcel.carrier_name),
            day=day(case.market, parcel.shipped_at),
            number=parcel.tracking or _("without a number"),
        )
        if parcel.state == "delivered" and parcel.ended_at and not parcel.assumed:
            yield _("Delivered on %(day)s.", day=day(case.market, parcel.ended_at))
        if parcel.state == "lost" and parcel.ended_at:
            yield _("Lost on its way, as noted on %(day)s.", day=day(case.market, parcel.ended_at))
    for refund in (refund for story in case.stories for refund in story.refunds):
        if refund.state == "done" and not refund.dispute and refund.ended_at:
            yield _(
                "Given back to the buyer on %(day)s: %(amount)s.",
                day=day(case.market, refund.ended_at),
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


def _list(words: Iterable[str]) -> str:
    """Write each word once."""
    return ", ".join(dict.fromkeys(word for word in words if word))
