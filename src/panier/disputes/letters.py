"""Letters about disputes: to the staff of each seller concerned, and to finance."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from panier import events, markets, orders, payments, people
from panier.disputes.wording import REASONS, UNTAKEN, day
from panier.kit.db import Tx
from panier.kit.i18n import _, current_language, n_
from panier.kit.money import Money
from panier.markets import Market
from panier.orders import Order, State
from panier.payments import Dispute
from panier.people import Note, Person

UNSENT = (State.PAID, State.PACKED)


async def tell_disputed(tx: Tx, event: events.DisputeOpened) -> None:
    """Tell what a bank has taken back for now, why, and until when it listens."""
    payment, dispute = await payments.find_case(tx, event.payment, event.dispute)
    if dispute.state != "open":
        return  # decided meanwhile: that is told
    checkout = await orders.find_checkout_of(tx, payment.id)
    concerned = await orders.list_orders_of(tx, checkout.id) if checkout else []
    market = await markets.get_market(tx, event.market)
    finance = await people.list_with_role(tx, event.market, "finance")
    for order in concerned:
        staff = await people.list_staff(tx, order.seller)

        def to_staff(_person: Person, order: Order = order) -> Note:
            said = [_("A buyer’s bank has taken their money back, until the dispute is decided.")]
            if order.state in UNSENT:
                said.append(_("Please send nothing of this order before that."))
            said.append(
                _("Please tell our finance team what proves the sale, such as the carrier’s word"
                  " that it arrived. They answer the bank.")
            )  # fmt: skip
            note = _note(market, [order], dispute, said)
            page = f"{market.path}seller/orders/{order.id}/dispute"
            return note._replace(link=(_("Tell what proves the sale"), page))

        await people.write_to(tx, event.market, staff, to_staff)
    if concerned:

        def to_finance(_person: Person) -> Note:
            said = [
                _("A buyer’s bank has taken their money back, until the dispute is decided."),
                _("Please answer the bank: what we know of the sale is put together for you. The"
                  " sellers were asked for what proves it."),
            ]  # fmt: skip
            return _note(market, concerned, dispute, said, ours=True)

        await people.write_to(tx, event.market, finance, to_finance)


async def tell_decided(tx: Tx, event: events.DisputeClosed) -> None:
    """Tell how a dispute ended, and what follows."""
    payment, dispute = await payments.find_case(tx, event.payment, event.dispute)
    checkout = await orders.find_checkout_of(tx, payment.id)
    concerned = await orders.list_orders_of(tx, checkout.id) if checkout else []
    market = await markets.get_market(tx, event.market)
    finance = await people.list_with_role(tx, event.market, "finance")
    letters = [(await people.list_staff(tx, o.seller), [o], False) for o in concerned]
    if concerned:
        letters.append((finance, concerned, True))
    for to, of, ours in letters:

        def write(_person: Person, *, of: list[Order] = of, ours: bool = ours) -> Note:
            if event.won:
                said = [_("The bank has given the money back to us: the sale stands."),
                        _("What was not sent yet can be sent now.")]  # fmt: skip
            else:
                said = [
                    _("The bank has left the money with the buyer."),
                    _("Everybody who had a part of it gives it back, as with a refund. What was"
                      " not sent of an order whose money is all gone is cancelled, and its units"
                      " can be sold again."),
                ]  # fmt: skip
            return _note(market, of, dispute, said, won=event.won, ours=ours)

        await people.write_to(tx, event.market, to, write)


async def tell_untaken(tx: Tx, event: events.DisputeAnswered) -> None:
    """Tell finance that what they answered did not arrive, and why."""
    if event.reason is None:
        return
    reason = event.reason
    _payment, dispute = await payments.find_case(tx, event.payment, event.dispute)
    market = await markets.get_market(tx, event.market)

    def write(_person: Person) -> Note:
        return Note(
            subject=_("The answer to a dispute was not taken"),
            said=[_(UNTAKEN[reason])],
            facts=[
                (_("Disputed of the payment"), dispute.amount.format(current_language())),
                (_("Evidence until"), _until(market, dispute.evidence_until)),
            ],
            link=_see_dispute(market, dispute),
            why=_("You get this mail because you see to these orders."),
        )

    await people.write_to(
        tx, event.market, await people.list_with_role(tx, event.market, "finance"), write
    )


async def tell_noted(tx: Tx, market: Market, order: Order, dispute: Dispute) -> None:
    """Tell finance that a seller has told something."""

    def write(_person: Person) -> Note:
        said = [_("%(seller)s has told what proves the sale.", seller=order.seller_name)]
        return _note(market, [order], dispute, said, ours=True)

    await people.write_to(
        tx, market.code, await people.list_with_role(tx, market.code, "finance"), write
    )


class Ending(Protocol):
    """A dispute whose time to answer ends."""

    id: UUID
    minor: int
    currency: str
    evidence_until: datetime


async def remind_of(tx: Tx, market: Market, pressing: Sequence[Ending]) -> None:
    """Remind finance of disputes that nobody has answered."""

    def write(_person: Person) -> Note:
        language = current_language()
        count = len(pressing)
        return Note(
            subject=n_(
                "%(count)s dispute wants an answer soon",
                "%(count)s disputes want an answer soon",
                count,
            ),
            said=[_("Nobody has answered yet. After that the bank no longer listens.")],
            facts=[
                (
                    Money(one.minor, one.currency).format(language),
                    _("Evidence until") + " " + _until(market, one.evidence_until),
                )
                for one in pressing
            ],
            link=(_("See the disputes"), f"{market.path}disputes"),
            why=_("You get this mail because you see to these orders."),
        )

    await people.write_to(
        tx, market.code, await people.list_with_role(tx, market.code, "finance"), write
    )


def _note(
    market: Market,
    of: list[Order],
    dispute: Dispute,
    said: list[str],
    *,
    won: bool | None = None,
    ours: bool = False,
) -> Note:
    """Write to those who see to the orders, or (`ours`) to finance, who see to the dispute."""
    numbers = ", ".join(order.number for order in of)
    total = sum((order.total for order in of), Money.zero(dispute.currency))
    language = current_language()
    if won is None:
        subject = _("A payment is disputed: %(order)s", order=numbers)
    elif won:
        subject = _("The dispute is won: %(order)s", order=numbers)
    else:
        subject = _("The dispute is lost: %(order)s", order=numbers)
    facts = [
        (_("Order"), numbers),
        (_("Paid for it"), total.format(language)),
        (_("Disputed of the payment"), dispute.amount.format(language)),
        (_("Reason"), _(REASONS[dispute.reason]) if dispute.reason in REASONS else dispute.reason),
    ]
    if won is None:
        facts.append((_("Evidence until"), _until(market, dispute.evidence_until)))
    see_order = (_("See the order"), f"{market.path}seller/orders/{of[0].id}")
    return Note(
        subject=subject,
        said=said,
        facts=facts,
        link=_see_dispute(market, dispute) if ours else see_order,
        why=_("You get this mail because you see to these orders."),
    )


def _see_dispute(market: Market, dispute: Dispute) -> tuple[str, str]:
    return _("See the dispute"), f"{market.path}disputes/{dispute.id}"


def _until(market: Market, moment: datetime | None) -> str:
    if moment is None:
        return _("the payment provider does not say; please look there")
    return day(market, moment)
