"""Settling by group commit: payment, orders, stock, books and events in one transaction.

Whatever a provider says arrives here: from the checkout itself, from a webhook, from a worker
that looked after a crash. A payment moves once (payments' table of states), so however often and
in whatever order it is told, a checkout is settled once.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier import events, incentives, ledger, payments, stock
from panier.kit.arrays import Moments, Texts, Uuids
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.errors import NotFound, PanierError
from panier.kit.money import Money
from panier.kit.outbox import record
from panier.orders.rules import State, basket_until

# A subquery a row, so that the plan is an index look-up each whatever the statistics say. Rows are
# locked in the order of the ids given: sorted, so that two batches cannot block each other.
LOCK = """
select c.* from unnest(%b::uuid[]) w(payment) cross join lateral (
  select id, payment_id as payment, person_id as person, market, state, name_on_air,
    address->>'country' as country
  from checkout where payment_id = w.payment for update) c
"""
SOLD = """
select o.* from unnest(%b::uuid[]) w(id) cross join lateral (
  select id, checkout_id as checkout, seller_id as seller, show_id as show, currency,
         goods_minor + shipping_minor as minor, subsidy_minor, vat_minor, commission_minor
  from orders where checkout_id = w.id offset 0) o
order by o.id
"""
LINES = """
select l.* from unnest(%b::uuid[]) w(id) cross join lateral (
  select order_id as "order", product_id as product, quantity, creator_id as creator, creator_minor
  from order_line where order_id = w.id order by n) l
"""
MOVE = """
with c as (
  update checkout c set state = m.state, paid_at = m.paid_at
  from unnest(%b::uuid[], %b::text[], %b::timestamptz[]) m(id, state, paid_at)
  where c.id = m.id and c.state = 'placed' returning c.id, c.state, c.paid_at)
update orders o set state = c.state, paid_at = c.paid_at from c where o.checkout_id = c.id
"""


class Settled(msgspec.Struct, frozen=True):
    """How a checkout stands now, as its buyer is told."""

    checkout: UUID
    state: str
    """created, action, pending, paid, declined or refused."""
    reason: str | None = None
    action_url: str | None = None
    action_secret: str | None = None


class Checkout(msgspec.Struct):
    """A locked checkout."""

    id: UUID
    payment: UUID
    person: UUID | None
    market: str
    state: str
    name_on_air: str | None
    country: str


class Sold(msgspec.Struct):
    """An order of a checkout that is being settled."""

    id: UUID
    checkout: UUID
    seller: UUID
    show: UUID | None
    currency: str
    minor: int
    subsidy_minor: int
    vat_minor: int
    commission_minor: int


class SoldLine(msgspec.Struct):
    """What the books and the room need of a line."""

    order: UUID
    product: UUID
    quantity: int
    creator: UUID | None
    creator_minor: int


class Ending(NamedTuple):
    """What becomes of a checkout."""

    checkout: Checkout
    payment: payments.Payment
    state: State


FINALITY = {
    payments.State.ACTION: 0,
    payments.State.PENDING: 1,
    payments.State.DECLINED: 2,
    payments.State.PAID: 3,
}


async def settle_batch(tx: Tx, answers: list[payments.Answer]) -> list[Settled | PanierError]:
    """Take in what providers said of these payments; answers how each checkout stands now."""
    keys = sorted({a.payment for a in answers})
    checkouts = {c.payment: c for c in await rows(tx, LOCK, (Uuids(keys),), Checkout)}
    best: dict[UUID, payments.Answer] = {}
    for answer in sorted(answers, key=lambda a: FINALITY[a.state]):
        if answer.payment in checkouts:
            best[answer.payment] = answer
    moved = await payments.move(tx, list(best.values())) if best else set()
    stands = await payments.list_payments(tx, list(checkouts))
    moment = now()
    endings = await _endings(tx, [(checkouts[key], stands[key]) for key in moved], moment)
    if endings:
        await _finish(tx, endings, moment)
    ended = {ending.checkout.id: ending.state for ending in endings}
    told: list[Settled | PanierError] = []
    for answer in answers:
        checkout = checkouts.get(answer.payment)
        if checkout is None:
            told.append(NotFound())
        else:
            state = ended.get(checkout.id, checkout.state)
            told.append(settled(checkout.id, state, stands[checkout.payment]))
    return told


async def _endings(
    tx: Tx, moved: Sequence[tuple[Checkout, payments.Payment]], moment: datetime
) -> list[Ending]:
    """Decide what ends: paid where all stock was there, refused where not, declined."""
    paid = [(c, p) for c, p in moved if p.state == payments.State.PAID]
    taken = await stock.take(tx, sorted(c.id for c, _ in paid)) if paid else set()
    refused = [p.id for c, p in paid if c.id not in taken]
    if refused:
        back = payments.State.REFUNDING
        await payments.move(
            tx, [payments.Answer(payment=key, state=back, look_at=moment) for key in refused]
        )
    return [
        *(Ending(c, p, State.PAID if c.id in taken else State.REFUSED) for c, p in paid),
        *(Ending(c, p, State.DECLINED) for c, p in moved if p.state == payments.State.DECLINED),
    ]


async def _finish(tx: Tx, endings: Sequence[Ending], moment: datetime) -> None:
    paid = {e.checkout.id for e in endings if e.state == State.PAID}
    ids = Uuids([e.checkout.id for e in endings])
    sold = await rows(tx, SOLD, (ids,), Sold)
    states = Texts([e.state.value for e in endings])
    moments = Moments([moment if e.state == State.PAID else None for e in endings])
    await run(tx, MOVE, (ids, states, moments))
    await incentives.confirm(tx, sorted(paid))
    await incentives.give_back(tx, sorted(e.checkout.id for e in endings if e.state != State.PAID))
    by_id = {e.checkout.id: e for e in endings}
    lines: defaultdict[UUID, list[SoldLine]] = defaultdict(list)
    if paid:
        asked = (Uuids([s.id for s in sold if s.checkout in paid]),)
        for line in await rows(tx, LINES, asked, SoldLine):
            lines[line.order].append(line)
    facts = [_fact(s, by_id[s.checkout], lines[s.id]) for s in sold]
    await record(tx, *(fact for fact in facts if fact is not None))
    declined = [e for e in endings if e.state == State.DECLINED]
    used = [(e.checkout.person, e.payment) for e in declined if e.checkout.person is not None]
    await payments.forget_useless(tx, used)
    for ending in declined:
        holds = await stock.list_claimed(tx, [ending.checkout.id])
        await stock.unclaim(tx, {hold.id: basket_until(hold, moment) for hold in holds})
    # Late, for every sale of a market moves the same accounts.
    await _book(tx, sold, by_id, lines)


async def _book(
    tx: Tx, sold: Sequence[Sold], endings: dict[UUID, Ending], lines: dict[UUID, list[SoldLine]]
) -> None:
    postings = []
    for s in sold:
        ending = endings[s.checkout]
        if ending.state == State.PAID:
            of = lines[s.id]
            postings.append(ledger.sale(_sale(s, ending.checkout, ending.payment, of)))
        elif ending.state == State.REFUSED:
            postings.append(ledger.unfulfillable(_sale(s, ending.checkout, ending.payment)))
    if postings:
        await ledger.post(tx, postings)


def _sale(
    s: Sold, checkout: Checkout, payment: payments.Payment, lines: Sequence[SoldLine] = ()
) -> ledger.Sale:
    """Return what an order comes to, for the books."""
    shares: defaultdict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.creator is not None and line.creator_minor:
            shares[line.creator] += line.creator_minor
    return ledger.Sale(
        order=s.id,
        provider=payment.provider,
        market=checkout.market,
        country=checkout.country,
        seller=s.seller,
        total=Money(s.minor, s.currency),
        vat=Money(s.vat_minor, s.currency),
        commission=Money(s.commission_minor, s.currency),
        subsidy=Money(s.subsidy_minor, s.currency),
        creators=[(who, Money(minor, s.currency)) for who, minor in shares.items()],
    )


def _fact(s: Sold, ending: Ending, lines: Sequence[SoldLine]) -> events.Event | None:
    checkout = ending.checkout
    if ending.state == State.PAID:
        return events.OrderPaid(
            market=checkout.market,
            order=s.id,
            checkout=checkout.id,
            seller=s.seller,
            show=s.show,
            total=Money(s.minor, s.currency),
            name_on_air=checkout.name_on_air,
            products=[(line.product, line.quantity) for line in lines],
        )
    if ending.state == State.REFUSED:
        return events.OrderRefused(market=checkout.market, order=s.id, checkout=checkout.id)
    return None


def settled(checkout: UUID, state: str, payment: payments.Payment) -> Settled:
    """Say how a checkout in `state` with its payment stands, as its buyer is told."""
    shown = payment.state if state == State.PLACED else state
    return Settled(
        checkout, str(shown), payment.decline_reason, payment.action_url, payment.action_secret
    )


async def book_refund(tx: Tx, payment: payments.Payment) -> bool:
    """Note that a refused checkout's money is back with the buyer; false when it was noted."""
    (checkout,) = await rows(tx, LOCK, ([payment.id],), Checkout)
    refunded = payments.Answer(payment=payment.id, state=payments.State.REFUNDED)
    if not await payments.move(tx, [refunded]):
        return False
    sold = await rows(tx, SOLD, ([checkout.id],), Sold)
    await ledger.post(tx, [ledger.refund_unfulfillable(_sale(s, checkout, payment)) for s in sold])
    return True
