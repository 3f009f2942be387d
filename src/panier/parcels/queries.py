"""Reads: all that became of orders after their payment, for buyers, sellers and letters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier import catalog, orders
from panier.kit.db import Tx, find, rows
from panier.kit.i18n import N_
from panier.kit.money import Money
from panier.orders import Order, OrderLine, State, Together
from panier.parcels.bookings import LIVING, last_moment
from panier.parcels.refunds import Refund, list_refunds
from panier.parcels.returns import GIVING, Giving, is_exempt, may_return
from panier.parcels.rules import CARRIERS, Units, deadline, goods_arrival, in_time, tracking_link
from panier.parcels.standing import list_units

PARCEL = 'id, order_id as "order", market, carrier, tracking, state, shipped_at, ended_at, assumed'


class Parcel(msgspec.Struct):
    """A parcel of an order."""

    id: UUID
    order: UUID
    market: str
    carrier: str
    tracking: str
    state: str
    """shipped, delivered or lost."""
    shipped_at: datetime
    ended_at: datetime | None
    assumed: bool

    @property
    def carrier_name(self) -> str:
        """Return the carrier's own name; to be translated where it is no name."""
        return CARRIERS[self.carrier].name

    @property
    def link(self) -> str | None:
        """Return where it can be followed, if anywhere."""
        return tracking_link(self.carrier, self.tracking)


class Story(msgspec.Struct):
    """One order with all that became of it."""

    order: Order
    lines: list[OrderLine]
    units: dict[int, Units]
    parcels: list[Parcel]
    inside: dict[UUID, dict[int, int]]
    """Units by line, of each parcel and each return."""
    returns: list[Giving]
    refunds: list[Refund]
    steps: dict[str, datetime]
    """When it came to each state after it was paid."""
    time_zone: str
    together: Sequence[Together] = ()
    """Orders of the same buyer and show that go in the same parcel."""

    @property
    def pack_with(self) -> list[Together]:
        """Return which of them are still to be sent."""
        return [one for one in self.together if one.state in (State.PAID, State.PACKED)]

    @property
    def delivered_at(self) -> datetime | None:
        """Return when all of its goods had arrived, or all of it where nothing was sent."""
        parcels = [(parcel.state, parcel.ended_at) for parcel in self.parcels]
        arrived = goods_arrival(list(self.units.values()), parcels)
        return arrived or self.steps.get(State.DELIVERED)

    @property
    def deadline(self) -> datetime | None:
        """Return the last moment to withdraw, once it is known."""
        arrived = self.delivered_at
        return None if arrived is None else deadline(arrived, self.time_zone)

    @property
    def refunded(self) -> Money:
        """Return what the buyer has back."""
        zero = Money.zero(self.order.currency)
        return sum((r.amount for r in self.refunds if r.state == "done"), zero)

    @property
    def under_way(self) -> Money:
        """Return what is set aside for the buyer and not yet with them."""
        zero = Money.zero(self.order.currency)
        return sum((r.amount for r in self.refunds if r.state != "done"), zero)

    @property
    def can_cancel(self) -> bool:
        """Tell whether its buyer may still cancel it."""
        if self.order.state != State.PAID or not self.to_send():
            return False
        return not any(u.shipped for u in self.units.values())

    def returnable(self, moment: datetime) -> dict[int, int]:
        """Return the units by line that its buyer may still send back, sealed ones unopened."""
        if not may_return(self.order.state) or not in_time(
            self.delivered_at, self.time_zone, moment
        ):
            return {}
        kept = {line.n for line in self.lines if is_exempt(line, unopened=True)}
        return {
            n: u.with_buyer for n, u in self.units.items() if u.with_buyer > 0 and n not in kept
        }

    @property
    def sealed(self) -> list[OrderLine]:
        """Return the lines that can only be sent back unopened."""
        return [line for line in self.lines if line.withdrawal in catalog.SEALED]

    def cancel_until(self, line: OrderLine) -> datetime | None:
        """Return until when its buyer may give these places up; None when there are none left."""
        if self.order.state not in LIVING or not self.units[line.n].to_come:
            return None
        return last_moment(line, self.order.paid_at, self.time_zone)

    def state_name(self, names: Mapping[str, str]) -> str:
        """Return what its seller calls its state; nothing that takes place is packed."""
        own = {State.PAID.value: N_("Booked"), State.DELIVERED.value: N_("Taken place")}
        usual = names[self.order.state]
        return own.get(self.order.state, usual) if self.is_booked else usual

    @property
    def is_booked(self) -> bool:
        """Tell whether nothing of it is sent: all of it takes place."""
        return all(line.starts_at for line in self.lines)

    def to_send(self) -> dict[int, int]:
        """Return the units by line that the seller still has to send."""
        if self.order.state not in (State.PAID, State.PACKED):
            return {}
        return {n: u.to_send for n, u in self.units.items() if u.to_send > 0}

    def named(self, units: Mapping[int, int]) -> list[tuple[OrderLine, int]]:
        """Return lines with these units of them."""
        return [(line, units[line.n]) for line in self.lines if units.get(line.n)]


async def list_stories(tx: Tx, found: Sequence[Order], time_zone: str) -> list[Story]:
    """Tell what became of these orders, in their order."""
    ids = [order.id for order in found]
    lines, units = await orders.list_lines(tx, ids), await list_units(tx, ids)
    parcels: defaultdict[UUID, list[Parcel]] = defaultdict(list)
    sql = f"select {PARCEL} from parcel where order_id = any(%s) order by shipped_at, id"
    for parcel in await rows(tx, sql, (ids,), Parcel):
        parcels[parcel.order].append(parcel)
    returns: defaultdict[UUID, list[Giving]] = defaultdict(list)
    sql = f"select {GIVING} from giving_back where order_id = any(%s) order by at, id"
    for giving in await rows(tx, sql, (ids,), Giving):
        returns[giving.order].append(giving)
    inside = await _inside(tx, parcels.values(), returns.values())
    refunds = await list_refunds(tx, ids)
    steps = await _steps(tx, ids)
    together = await orders.list_together(tx, ids)
    return [
        Story(
            order=order,
            lines=lines[order.id],
            units={line.n: line for line in units[order.id]},
            parcels=parcels[order.id],
            inside=inside,
            returns=returns[order.id],
            refunds=refunds[order.id],
            steps=steps[order.id],
            time_zone=time_zone,
            together=together.get(order.id, ()),
        )
        for order in found
    ]


# By the keys of their lines: an index by order would serve nothing else.
INSIDE = """
select parcel_id, n, quantity from parcel_line where parcel_id = any(%s) union all
select giving_back_id, n, quantity from giving_back_line where giving_back_id = any(%s)
"""


async def _inside(
    tx: Tx, parcels: Iterable[list[Parcel]], returns: Iterable[list[Giving]]
) -> dict[UUID, dict[int, int]]:
    """Return what is in each parcel and in each return."""
    sent = [parcel.id for of in parcels for parcel in of]
    back = [giving.id for of in returns for giving in of]
    inside: defaultdict[UUID, dict[int, int]] = defaultdict(dict)
    if sent or back:
        cursor = await tx.execute(INSIDE, (sent, back))
        for key, n, quantity in await cursor.fetchall():
            inside[key][n] = quantity
    return inside


async def _steps(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, dict[str, datetime]]:
    cursor = await tx.execute(
        "select order_id, state, at from order_step where order_id = any(%s)", (list(ids),)
    )
    steps: defaultdict[UUID, dict[str, datetime]] = defaultdict(dict)
    for order, state, at in await cursor.fetchall():
        steps[order][state] = at
    return steps


async def find_parcel(tx: Tx, parcel: UUID) -> Parcel | None:
    """Return a parcel, if there is one of that name."""
    return await find(tx, f"select {PARCEL} from parcel where id = %s", (parcel,), Parcel)


class Waiting(msgspec.Struct):
    """An order in which the seller has something to see to besides sending."""

    order: UUID
    number: str
    at: datetime
    what: str
    """A return, a refund that failed, a bank that holds the money: return, refund, dispute."""


async def list_waiting(tx: Tx, market: str, sellers: Sequence[UUID] | None) -> list[Waiting]:
    """List returns under way, refunds that failed and open disputes; None: of all sellers."""
    sql = """
    select o.id as "order", o.number, w.at, w.what from (
      select order_id, at, 'return' as what from giving_back
      where market = %(market)s and state = 'asked'
      union all
      select order_id, at, 'refund' from order_refund
      where market = %(market)s and state = 'failed'
      union all
      select b.id, d.at, 'dispute' from dispute d
      join checkout c on c.payment_id = d.payment_id join orders b on b.checkout_id = c.id
      where d.state = 'open' and c.market = %(market)s
        and b.state not in ('cancelled', 'refunded')) w
    join orders o on o.id = w.order_id
    where %(sellers)s::uuid[] is null or o.seller_id = any(%(sellers)s)
    order by w.at limit 100
    """
    given = list(sellers) if sellers is not None else None
    return await rows(tx, sql, {"market": market, "sellers": given}, Waiting)


class Finding(msgspec.Struct):
    """Something of parcels and refunds that does not add up."""

    rule: str
    subject: str


async def check_parcels(tx: Tx, limit: int = 100) -> list[Finding]:
    """List what finance would not sign; empty is right.

    Each refund that is through is booked once and no other; what refunds take back of a line sums
    to its count and never exceeds a part of it; parcels hold what counts as shipped; what was
    booked takes place and is not sent.
    """
    sql = """
    with back as (
      select order_id, n, sum(quantity) as units, sum(goods_minor + shipping_minor) as paid,
             sum(subsidy_minor) as subsidy, sum(vat_minor) as vat,
             sum(commission_minor) as commission, sum(creator_minor) as creator,
             sum(shipping_subsidy_minor) as shipping_subsidy,
             sum(shipping_vat_minor) as shipping_vat
      from order_refund_line group by order_id, n),
    sent as (select order_id, n, sum(quantity) as units from parcel_line group by order_id, n),
    findings as (
      select case
          when r.state = 'done' and r.minor > 0 and p.id is null then 'refund is not booked'
          when r.state = 'asked' and p.id is not null then 'refund is booked too early'
          when r.minor <> (select sum(goods_minor + shipping_minor) from order_refund_line
                           where refund_id = r.id) then 'refund and its lines differ'
          when r.minor > 0 and r.dispute_id is null and q.minor is distinct from r.minor
            then 'refund and the provider differ'
        end as rule, r.id::text as subject
      from order_refund r left join posting p on p.key =
        case when r.dispute_id is null then 'refund:' else 'dispute_lost:' end || r.key
      left join payment_refund q on q.id = r.key
      union all
      select case
          when (f.refunded, f.refunded_minor)
               is distinct from (coalesce(b.units, 0), coalesce(b.paid, 0))
            then 'refunds and their count differ'
          when f.shipped <> coalesce(s.units, 0) then 'parcels and their count differ'
          when k.order_id is not null and f.shipped > 0 then 'a booking was sent'
          when k.order_id is null and f.performed > 0 then 'goods took place'
          when f.performed > 0 and k.ends_at > now() then 'a booking is over too early'
          when b.subsidy > l.subsidy_minor or b.vat > l.vat_minor
            or b.commission > l.commission_minor or b.creator > l.creator_minor
            or b.shipping_subsidy > l.shipping_subsidy_minor
            or b.shipping_vat > l.shipping_vat_minor then 'refunds exceed a part of the line'
        end, o.number
      from fulfilment f join orders o on o.id = f.order_id
      join order_line l on l.order_id = f.order_id and l.n = f.n
      left join back b on b.order_id = f.order_id and b.n = f.n
      left join sent s on s.order_id = f.order_id and s.n = f.n
      left join booking k on k.order_id = f.order_id and k.n = f.n)
    select rule, subject from findings where rule is not null order by rule, subject limit %s
    """
    return await rows(tx, sql, (limit,), Finding)
