"""Disputes in the books: what a buyer's bank holds, and how a lost one is taken back from all.

What is lost counts as a refund of the orders that the payment paid. First the bank's money takes
the place of refunds that failed (a provider refuses to give back what is disputed); the rest is
shared out over what is left of each line and parcel. What nobody can give back is our loss.

Once the buyer has back all that an order cost them, the sale is undone: the platform's part of
what cost them nothing goes back too, and what is not sent yet is not sent: its units can be sold.
"""

from uuid import UUID, uuid5

from panier import ledger, orders, payments
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run, value
from panier.kit.errors import PanierError
from panier.kit.money import Money
from panier.orders import Checkout, State
from panier.parcels.actions import Cancelling, take_back
from panier.parcels.queries import Finding
from panier.parcels.refunds import Refund, book, list_refunds, list_taken, sold, write_lines
from panier.parcels.reversal import WHOLE, Back, Line, Parts, Wanted, plan, spread
from panier.parcels.rules import Reason
from panier.parcels.standing import Work, advance, lock
from panier.payments import Dispute, Payment


class NotSettled(PanierError):
    """The payment of this dispute is not settled yet."""

    code, status = "not_settled", 409


async def book_opened(tx: Tx, payment: Payment, dispute: Dispute) -> None:
    """Book that a bank holds the money, once."""
    opened = ledger.open_dispute(dispute.id, payment.provider, payment.market, dispute.amount)
    await ledger.post(tx, [opened])


async def book_won(tx: Tx, payment: Payment, dispute: Dispute) -> None:
    """Book that the money is ours again, once; its opening too where that comes later."""
    await book_opened(tx, payment, dispute)
    won = ledger.win_dispute(dispute.id, payment.provider, payment.market, dispute.amount)
    await ledger.post(tx, [won])


async def book_lost(tx: Tx, payment: Payment, dispute: Dispute) -> None:
    """Take back what is lost from all who had a part of it, as far as that was not done yet.

    Again after a refund failed: what was written off for its sake goes into its place. Raises
    NotSettled before the payment is settled.
    """
    await book_opened(tx, payment, dispute)
    checkout = await orders.find_checkout_of(tx, payment.id)
    if checkout is not None and checkout.state not in (State.PAID, State.REFUSED):
        raise NotSettled
    works = []
    if checkout is not None and checkout.state == State.PAID:
        placed = await orders.list_orders_of(tx, checkout.id)
        works = [await lock(tx, key) for key in sorted(order.id for order in placed)]
    elif checkout is not None and await _lose_refused(tx, payment, dispute, checkout):
        return
    left = dispute.minor - await _count_taken(tx, dispute.id)
    again = await _is_booked(tx, f"{ledger.WRITTEN_OFF}:{dispute.id}")
    source: ledger.Source = "loss" if again else "dispute"
    for work in works:
        left -= await _take_place(tx, work, dispute, left, source)
    if not again:
        left -= await _spread(tx, works, dispute, left)
        if left:
            rest = Money(left, dispute.currency)
            await ledger.post(tx, [ledger.write_off(dispute.id, payment.market, rest)])
    for work in await _list_undone(tx, works):
        unsent = {n: units for n, units in work.left("promised").items() if units}
        if unsent and work.state in (State.PAID, State.PACKED, State.SHIPPED):
            key = uuid5(dispute.id, f"unsent {work.order.id}")
            asked = Cancelling(key, by_buyer=False, disputed=True)
            await take_back(tx, work, asked, unsent)
    for work in works:
        await advance(tx, work)


async def _list_undone(tx: Tx, works: list[Work]) -> list[Work]:
    """Return the orders whose price is all back; one without a price with all the others only."""
    lefts = [
        (work, _count_left(Back([sold(line) for line in work.lines],
                                await list_taken(tx, work.order.id))))
        for work in works
    ]  # fmt: skip
    everything = not any(left for _, left in lefts)
    return [work for work, left in lefts if not left and (work.order.total.minor or everything)]


def _count_left(back: Back) -> int:
    """Return what of an order's price is not back."""
    gone = sum(line.parts.paid for line in back.taken.values())
    return sum(line.parts.paid for line in back.sold) - gone


async def _lose_refused(tx: Tx, payment: Payment, dispute: Dispute, checkout: Checkout) -> bool:
    """Book money that came too late as back with its buyer; false when it went another way."""
    postings = [
        ledger.lose_unfulfillable(
            dispute.id,
            ledger.Sale(
                order=order.id,
                provider=payment.provider,
                market=order.market,
                country=checkout.sent_to.country,
                seller=order.seller,
                total=order.total,
                vat=order.vat,
                commission=order.commission,
                subsidy=order.subsidy,
            ),
        )
        for order in await orders.list_orders_of(tx, checkout.id)
    ]
    if await _is_booked(tx, postings[0].key):
        return True
    back = payments.Answer(payment=payment.id, state=payments.State.REFUNDED)
    if dispute.amount != payment.amount or not await payments.move(tx, [back]):
        return False
    await ledger.post(tx, postings)
    return True


async def _take_place(
    tx: Tx, work: Work, dispute: Dispute, left: int, source: ledger.Source
) -> int:
    """Let the bank's money take the place of refunds that failed; returns how much did."""
    taken = 0
    for refund in (await list_refunds(tx, [work.order.id]))[work.order.id]:
        if refund.state != "failed" or refund.minor > left - taken:
            continue
        key = uuid5(dispute.id, refund.id.hex)
        await run(
            tx,
            "update order_refund set state = 'done', key = %s, dispute_id = %s, failure = null,"
            " ended_at = %s where id = %s",
            (key, dispute.id, now(), refund.id),
        )
        await _book(tx, work, refund, key, source)
        taken += refund.minor
    return taken


async def _spread(tx: Tx, works: list[Work], dispute: Dispute, amount: int) -> int:
    """Share an amount out over what is left of these orders; returns how much there was."""
    backs = [
        Back([sold(line) for line in work.lines], await list_taken(tx, work.order.id))
        for work in works
    ]
    lefts = [_count_left(back) for back in backs]
    everything, taken = amount >= sum(lefts), 0
    for work, back, left, shared in zip(works, backs, lefts, spread(amount, backs), strict=True):
        parcel = 0 if shared.shipping is WHOLE else shared.shipping
        minor = sum(shared.amounts.values()) + parcel
        undone = minor == left and (left > 0 or everything)
        wanted = _undo(shared, back) if undone else shared
        if minor or (undone and _is_left(back)):
            taken += await _take(tx, work, back, wanted, dispute)
    return taken


def _undo(wanted: Wanted, back: Back) -> Wanted:
    """Let all that is left of the parcel's price go back, and of lines that cost nothing."""
    free = frozenset(line.n for line in back.sold if not line.parts.goods)
    return wanted._replace(shipping=WHOLE, free=free)


def _is_left(back: Back) -> bool:
    """Tell whether anything of an order is not back yet, also of what the platform paid."""
    return any(
        any(of > gone for of, gone in zip(line.parts, taken.parts, strict=True))
        for line in back.sold
        for taken in (back.taken.get(line.n, Line(line.n, 0, Parts())),)
    )


async def _take(tx: Tx, work: Work, back: Back, wanted: Wanted, dispute: Dispute) -> int:
    order, moment = work.order, now()
    lines = plan(back.sold, back.taken, wanted)
    key, minor = uuid5(dispute.id, order.id.hex), sum(line.parts.paid for line in lines)
    await run(
        tx,
        "insert into order_refund (id, key, order_id, market, reason, state, minor, currency,"
        " note, at, ended_at, dispute_id) values (%s, %s, %s, %s, %s, 'done', %s, %s, '', %s, %s,"
        " %s)",
        (key, key, order.id, order.market, Reason.DISPUTE.value, minor, order.currency, moment,
         moment, dispute.id),
    )  # fmt: skip
    await write_lines(tx, order.id, key, lines)
    refund = next(r for r in (await list_refunds(tx, [order.id]))[order.id] if r.id == key)
    await _book(tx, work, refund, key, "dispute")
    return minor


async def _book(tx: Tx, work: Work, refund: Refund, key: UUID, source: ledger.Source) -> None:
    await book(tx, work, refund, lambda back: ledger.lose_part(key, back, source))


async def _count_taken(tx: Tx, dispute: UUID) -> int:
    """Return the minor units that orders gave back for a dispute."""
    sql = "select coalesce(sum(minor), 0)::bigint from order_refund where dispute_id = %s"
    return int(await value(tx, sql, (dispute,)))


async def _is_booked(tx: Tx, key: str) -> bool:
    return bool(await value(tx, "select true from posting where key = %s", (key,)))


# A dispute whose opening or end waits to be told is not looked at yet.
CHECK = """
with told as (
  select d.*, p.market from dispute d join payment p on p.id = d.payment_id
  where not exists (select 1 from event v where v.stream = d.id and v.delivered_at is null
                    and v.kind in ('DisputeOpened', 'DisputeClosed'))),
lost as (
  select r.dispute_id, sum(r.minor) as minor from order_refund r
  where r.dispute_id is not null group by r.dispute_id),
booked as (
  select id, 'written_off:' || id as key from dispute where state = 'lost'
  union all
  select dispute_id, 'dispute_lost:' || key from order_refund where dispute_id is not null),
loss as (
  select b.id, sum(e.minor) as minor
  from booked b join posting p on p.key = b.key
  join entry e on e.posting_id = p.id join account a on a.id = e.account_id and a.kind = 'loss'
  group by b.id),
held as (
  select market, currency, sum(minor) filter (where state = 'open') as minor
  from told group by market, currency),
findings as (
  select case
      when not exists (select 1 from posting where key = 'dispute:' || d.id)
        then 'dispute is not booked'
      when (d.state = 'won') <> exists (select 1 from posting where key = 'dispute_won:' || d.id)
        then 'dispute and its end differ'
      when d.state = 'lost' and d.minor <> coalesce(l.minor, 0) + coalesce(s.minor, 0)
        and not exists (
          select 1 from checkout c join orders o on o.checkout_id = c.id
          join posting b on b.key = 'refund_unfulfillable:' || o.id || ':' || d.id
          where c.payment_id = d.payment_id)
        then 'lost dispute and what it took differ'
      when d.state <> 'lost' and l.minor is not null then 'dispute took money that is not lost'
    end as rule, d.id::text as subject
  from told d left join lost l on l.dispute_id = d.id left join loss s on s.id = d.id
  union all
  select 'disputed money differs from what banks hold', concat_ws(' ', a.owner, a.currency)
  from account a left join held h on h.market = a.owner and h.currency = a.currency
  where a.kind = 'dispute' and a.balance_minor <> coalesce(h.minor, 0)
    and not exists (select 1 from event v where v.market = a.owner and v.delivered_at is null
                    and v.kind in ('DisputeOpened', 'DisputeClosed')))
select rule, subject from findings where rule is not null order by rule, subject limit %s
"""


async def check_disputes(tx: Tx, limit: int = 100) -> list[Finding]:
    """List disputes that the books do not hold as they stand; empty is right."""
    return await rows(tx, CHECK, (limit,), Finding)
