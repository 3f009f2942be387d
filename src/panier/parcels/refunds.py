"""Refunds: what goes back is frozen when it is asked for, booked when the buyer has it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier import events, ledger, orders, payments
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.kit.outbox import record
from panier.orders import OrderLine, State
from panier.parcels.reversal import Line, Parts, Wanted, plan
from panier.parcels.rules import NotNow, Reason
from panier.parcels.standing import Work, advance, exists, lock

PARTS = """l.goods_minor as goods, l.subsidy_minor as subsidy, l.vat_minor as vat,
  l.commission_minor as commission, l.creator_minor as creator, l.shipping_minor as shipping,
  l.shipping_subsidy_minor as shipping_subsidy, l.shipping_vat_minor as shipping_vat"""
REFUND = """id, key, order_id as "order", market, reason, state, minor, currency, note, failure,
  at, ended_at, dispute_id as dispute"""


class Ask(NamedTuple):
    """A refund that is asked for."""

    key: UUID
    """The request's key: the same again is the same refund."""
    reason: Reason
    wanted: Wanted
    note: str = ""
    """To the buyer."""


class Refund(msgspec.Struct):
    """Money of an order that goes back to its buyer."""

    id: UUID
    key: UUID
    """The provider's key for it."""
    order: UUID
    market: str
    reason: str
    state: str
    """asked, done or failed."""
    minor: int
    currency: str
    note: str
    failure: str | None
    at: datetime
    ended_at: datetime | None
    dispute: UUID | None
    """The lost dispute by which the buyer's bank took it."""

    @property
    def amount(self) -> Money:
        """Return what the buyer gets."""
        return Money(self.minor, self.currency)


class BackLine(msgspec.Struct):
    """What a refund takes back of a line."""

    n: int
    quantity: int
    goods: int
    subsidy: int
    vat: int
    commission: int
    creator: int
    shipping: int
    shipping_subsidy: int
    shipping_vat: int

    @property
    def line(self) -> Line:
        """Return it as the rules count."""
        n, quantity, *parts = msgspec.structs.astuple(self)
        return Line(n, quantity, Parts(*parts))


def sold(line: OrderLine) -> Line:
    """Return a line as it was sold, as the rules count."""
    return Line(
        line.n,
        line.quantity,
        Parts(
            goods=line.goods_minor,
            subsidy=line.subsidy_minor,
            vat=line.vat_minor,
            commission=line.commission_minor,
            creator=line.creator_minor,
            shipping=line.shipping_minor,
            shipping_subsidy=line.shipping_subsidy_minor,
            shipping_vat=line.shipping_vat_minor,
        ),
    )


async def list_taken(tx: Tx, order: UUID) -> dict[int, Line]:
    """Return what all refunds of an order take back of each line, failed ones too: they stand."""
    sql = f"select l.n, l.quantity, {PARTS} from order_refund_line l where l.order_id = %s"
    taken: dict[int, Line] = {}
    for back in await rows(tx, sql, (order,), BackLine):
        before = taken.get(back.n, Line(back.n, 0, Parts()))
        units = before.quantity + back.quantity
        taken[back.n] = Line(back.n, units, before.parts.plus(back.line.parts))
    return taken


async def give_money(tx: Tx, order: UUID, ask: Ask, person: UUID | None) -> bool:
    """Give money back for goods that the buyer keeps; false when this key did so before.

    Raises NotNow before anything was sent (cancel that), RefundTooMuch, Nothing.
    """
    work = await lock(tx, order, person)
    if await exists(tx, "order_refund", ask.key, order):
        return False
    if work.state not in (State.PACKED, State.SHIPPED, State.DELIVERED, State.RETURNED):
        raise NotNow
    await ask_refund(tx, work, ask)
    await advance(tx, work)
    return True


async def ask_refund(tx: Tx, work: Work, ask: Ask) -> None:
    """Freeze a refund of a locked order and ask the provider for it, all in this transaction.

    Raises RefundTooMuch or Nothing.
    """
    order = work.order
    taken = await list_taken(tx, order.id)
    backs = plan([sold(line) for line in work.lines], taken, ask.wanted)
    amount = Money(sum(back.parts.paid for back in backs), order.currency)
    await run(
        tx,
        "insert into order_refund (id, key, order_id, market, reason, state, minor, currency,"
        " note, person_id, at) values (%s, %s, %s, %s, %s, 'asked', %s, %s, %s, %s, %s)",
        (ask.key, ask.key, order.id, order.market, ask.reason.value, amount.minor, amount.currency,
         ask.note, work.person, now()),
    )  # fmt: skip
    await write_lines(tx, order.id, ask.key, backs)
    await _request(tx, order.id, ask.key, amount)


async def write_lines(tx: Tx, order: UUID, refund: UUID, backs: Sequence[Line]) -> None:
    """Write what a refund takes back of each line, and count it."""
    columns = [list(column) for column in zip(*(back.parts for back in backs), strict=True)]
    numbers, units = [back.n for back in backs], [back.quantity for back in backs]
    await run(
        tx,
        """
        insert into order_refund_line (refund_id, order_id, n, quantity, goods_minor,
          subsidy_minor, vat_minor, commission_minor, creator_minor, shipping_minor,
          shipping_subsidy_minor, shipping_vat_minor)
        select %s, %s, * from unnest(%s::smallint[], %s::int[], %s::bigint[], %s::bigint[],
          %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        """,
        (refund, order, numbers, units, *columns),
    )
    await run(
        tx,
        """
        update fulfilment f set refunded = f.refunded + t.units,
          refunded_minor = f.refunded_minor + t.minor
        from unnest(%s::smallint[], %s::int[], %s::bigint[]) t(n, units, minor)
        where f.order_id = %s and f.n = t.n
        """,
        (numbers, units, [back.parts.paid for back in backs], order),
    )


async def _request(tx: Tx, order: UUID, key: UUID, amount: Money) -> None:
    """Ask the provider; what costs it nothing (all was subsidised) is through at once."""
    if not amount:
        await finish(tx, key)
        return
    found = await orders.find_order(tx, order)
    checkout = await orders.find_checkout(tx, found.checkout) if found else None
    if checkout is None:
        raise NotFound
    await payments.request_refund(tx, checkout.payment, key, amount)


async def ask_again(tx: Tx, refund: UUID, person: UUID | None) -> bool:
    """Ask the provider once more for a refund that failed; false when none failed."""
    found = await _find(tx, "id", refund)
    await lock(tx, found.order, person)
    key = new_id()
    if not await run(
        tx,
        "update order_refund set state = 'asked', key = %s, failure = null, ended_at = null"
        " where id = %s and state = 'failed'",
        (key, refund),
    ):
        return False
    await _request(tx, found.order, key, found.amount)
    return True


async def is_ours(tx: Tx, key: UUID) -> bool:
    """Tell whether the provider's key is that of an order's refund, as it was last asked."""
    return bool(await value(tx, "select true from order_refund where key = %s", (key,)))


async def finish(tx: Tx, key: UUID) -> bool:
    """Book that a buyer has the money; false when it was booked. Raises NotFound."""
    found = await _find(tx, "key", key)
    work = await lock(tx, found.order)
    if not await _end(tx, key, "asked", "done", None):
        return False
    await book(tx, work, found, lambda back: ledger.refund(key, back))
    await advance(tx, work)
    return True


async def fail(tx: Tx, key: UUID, failure: str, *, undone: bool) -> bool:
    """Note that the money did not arrive; false when noted before. Raises NotFound.

    `undone`: it had been booked, and a bank sent it back later: the books take it back too.
    """
    found = await _find(tx, "key", key)
    work = await lock(tx, found.order)
    if not await _end(tx, key, "done" if undone else "asked", "failed", failure):
        return False
    if undone:
        # An undone refund is booked under its own key: the refund's stays booked once.
        own = UUID(int=key.int ^ 1)
        await book(tx, work, found, lambda back: ledger.refund(own, back), sign=-1)
    return True


async def _end(tx: Tx, key: UUID, before: str, after: str, failure: str | None) -> bool:
    return bool(
        await run(
            tx,
            "update order_refund set state = %s, failure = %s, ended_at = %s"
            " where key = %s and state = %s",
            (after, failure, now(), key, before),
        )
    )


async def book(
    tx: Tx,
    work: Work,
    refund: Refund,
    posting: Callable[[ledger.Sale], ledger.Posting],
    sign: int = 1,
) -> None:
    """Book what a refund reversed, or reverse it again (`sign` -1), and tell."""
    order, zero = work.order, Money.zero(refund.currency)
    sql = f"select l.n, l.quantity, {PARTS} from order_refund_line l where l.refund_id = %s"
    backs = [back.line for back in await rows(tx, sql, (refund.id,), BackLine)]
    creators = {line.n: line.creator for line in work.lines}
    shares: defaultdict[UUID, Money] = defaultdict(lambda: zero)
    parts = Parts()
    for back in backs:
        parts = parts.plus(back.parts)
        who = creators[back.n]
        if who is not None and back.parts.creator:
            shares[who] += Money(sign * back.parts.creator, refund.currency)

    def money(minor: int) -> Money:
        return Money(sign * minor, refund.currency)

    checkout = await orders.find_checkout(tx, order.checkout)
    payment = await payments.find_payment(tx, checkout.payment) if checkout else None
    if checkout is None or payment is None:
        raise NotFound
    back_sale = ledger.Sale(
        order=order.id,
        provider=payment.provider,
        market=order.market,
        country=checkout.sent_to.country,
        seller=order.seller,
        total=money(parts.paid),
        vat=money(parts.vat + parts.shipping_vat),
        commission=money(parts.commission),
        subsidy=money(parts.subsidy + parts.shipping_subsidy),
        creators=list(shares.items()),
    )
    if any(parts):
        await ledger.post(tx, [posting(back_sale)])
    await record(
        tx,
        events.OrderRefunded(
            market=order.market,
            order=order.id,
            seller=order.seller,
            refund=refund.id,
            paid=back_sale.total,
            subsidy=back_sale.subsidy,
            vat=back_sale.vat,
            commission=back_sale.commission,
            creators=list(back_sale.creators),
        ),
    )


async def list_refunds(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Refund]]:
    """List the refunds of these orders, by order, the first asked first."""
    sql = f"select {REFUND} from order_refund where order_id = any(%s) order by at, id"
    found: defaultdict[UUID, list[Refund]] = defaultdict(list)
    for refund in await rows(tx, sql, (list(order_ids),), Refund):
        found[refund.order].append(refund)
    return found


async def _find(tx: Tx, name: str, key: UUID) -> Refund:
    condition = {"id": "id = %s", "key": "key = %s"}[name]
    found = await find(tx, f"select {REFUND} from order_refund where {condition}", (key,), Refund)
    if found is None:
        raise NotFound
    return found
