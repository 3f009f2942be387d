"""Reads: a checkout with its orders, for its buyer, its mail and its seller."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.kit.money import Money
from panier.people import Address, Person
from panier.taxes import Business

ORDER = """o.id, o.checkout_id as checkout, o.market, o.seller_id as seller, s.name as seller_name,
  o.show_id as show, o.number, o.state, o.currency, o.goods_minor, o.shipping_minor,
  o.subsidy_minor, o.vat_minor, o.commission_minor, o.creators_minor, o.at, o.paid_at"""

CHECKOUT = """id, buyer, market, show_id as show, person_id as person, payment_id as payment, state,
  minor, currency, email, name, address, remember, language, page_url, at, business as told"""


class PaymentOf(msgspec.Struct):
    """How a checkout stands, and which payment pays it."""

    state: str
    payment: UUID


class Checkout(msgspec.Struct):
    """What a buyer paid, or wanted to pay, at once."""

    id: UUID
    buyer: UUID
    market: str
    show: UUID | None
    person: UUID | None
    payment: UUID
    state: str
    minor: int
    currency: str
    email: str
    name: str
    address: dict[str, str]
    remember: bool
    language: str
    page_url: str
    at: datetime
    told: dict[str, Any] | None = None
    """What a company told of itself, and by which look-up it pays no VAT."""

    @property
    def business(self) -> Business | None:
        """Return the company that buys, if one does."""
        return msgspec.convert(self.told, Business) if self.told else None

    @property
    def total(self) -> Money:
        """Return what one payment pays."""
        return Money(self.minor, self.currency)

    @property
    def sent_to(self) -> Address:
        """Return where its parcels go."""
        return msgspec.convert(self.address, Address)


class Order(msgspec.Struct):
    """The promise of one seller; amounts include VAT."""

    id: UUID
    checkout: UUID
    market: str
    seller: UUID
    seller_name: str
    show: UUID | None
    number: str
    state: str
    currency: str
    goods_minor: int
    shipping_minor: int
    subsidy_minor: int
    vat_minor: int
    commission_minor: int
    creators_minor: int
    at: datetime
    paid_at: datetime | None

    @property
    def goods(self) -> Money:
        """Return the price of the goods."""
        return Money(self.goods_minor, self.currency)

    @property
    def shipping(self) -> Money:
        """Return the price of the parcel."""
        return Money(self.shipping_minor, self.currency)

    @property
    def total(self) -> Money:
        """Return what the buyer pays."""
        return self.goods + self.shipping

    @property
    def vat(self) -> Money:
        """Return the VAT inside the total."""
        return Money(self.vat_minor, self.currency)

    @property
    def commission(self) -> Money:
        """Return our share."""
        return Money(self.commission_minor, self.currency)

    @property
    def subsidy(self) -> Money:
        """Return what the platform pays of goods and parcel."""
        return Money(self.subsidy_minor, self.currency)

    @property
    def creators(self) -> Money:
        """Return the shares of those who presented."""
        return Money(self.creators_minor, self.currency)

    @property
    def net(self) -> Money:
        """Return what is the seller's of total and subsidy."""
        return self.total + self.subsidy - self.vat - self.commission - self.creators


class OrderLine(msgspec.Struct):
    """A line as it was frozen when the order was placed."""

    order: UUID
    n: int
    product: UUID
    variant: UUID
    title: str
    variant_title: str
    sku: str
    quantity: int
    currency: str
    unit_minor: int
    list_minor: int
    seller_discount_minor: int
    cofunding_minor: int
    subsidy_minor: int
    goods_minor: int
    vat_basis_points: int
    vat_minor: int
    shipping_minor: int
    shipping_subsidy_minor: int
    shipping_vat_minor: int
    commission_base_minor: int
    commission_basis_points: int
    commission_minor: int
    creator: UUID | None
    creator_basis_points: int
    creator_minor: int
    withdrawal: str = "allowed"
    """Whether the buyer may withdraw, as they read it: see catalog.Withdrawal."""
    starts_at: datetime | None = None
    """Of a place in a slot: when it begins; of goods nothing."""
    ends_at: datetime | None = None
    place: str | None = None
    """Empty: online."""
    cancel_until: datetime | None = None
    """Until then its buyer may cancel it, whatever the law says besides."""

    @property
    def unit(self) -> Money:
        """Return the regular price of one, VAT included."""
        return Money(self.unit_minor, self.currency)

    @property
    def reduction(self) -> Money:
        """Return by how much the buyer pays less than the regular price."""
        return Money(self.list_minor - self.goods_minor, self.currency)

    @property
    def total(self) -> Money:
        """Return what the buyer pays for all units, VAT included."""
        return Money(self.goods_minor, self.currency)

    @property
    def vat(self) -> Money:
        """Return the VAT inside the goods' price."""
        return Money(self.vat_minor, self.currency)

    @property
    def commission(self) -> Money:
        """Return our share of this line."""
        return Money(self.commission_minor, self.currency)


async def find_payment_of(tx: Tx, checkout: UUID) -> PaymentOf | None:
    """Return a checkout's state and payment, if there is such a checkout."""
    sql = "select state, payment_id as payment from checkout where id = %s"
    return await find(tx, sql, (checkout,), PaymentOf)


async def find_checkout(tx: Tx, checkout: UUID) -> Checkout | None:
    """Return a checkout, if there is one."""
    return await find(tx, f"select {CHECKOUT} from checkout where id = %s", (checkout,), Checkout)


async def list_checkouts(tx: Tx, checkouts: Sequence[UUID]) -> dict[UUID, Checkout]:
    """Return those of these checkouts that there are, by id."""
    sql = f"select {CHECKOUT} from checkout where id = any(%s)"
    return {found.id: found for found in await rows(tx, sql, (list(checkouts),), Checkout)}


async def find_checkout_of(tx: Tx, payment: UUID) -> Checkout | None:
    """Return the checkout that a payment pays, if there is one."""
    sql = f"select {CHECKOUT} from checkout where payment_id = %s"
    return await find(tx, sql, (payment,), Checkout)


async def list_orders_of(tx: Tx, checkout: UUID) -> list[Order]:
    """List the orders of a checkout in the order of their numbers."""
    sql = f"""
    select {ORDER} from orders o join seller s on s.id = o.seller_id
    where o.checkout_id = %s order by o.number
    """
    return await rows(tx, sql, (checkout,), Order)


async def find_order(tx: Tx, order: UUID) -> Order | None:
    """Return one order, if there is one."""
    sql = f"select {ORDER} from orders o join seller s on s.id = o.seller_id where o.id = %s"
    return await find(tx, sql, (order,), Order)


async def list_lines(tx: Tx, orders: Sequence[UUID]) -> dict[UUID, list[OrderLine]]:
    """List the lines of these orders, by order."""
    # For a list the database plans anew each time, which takes longer than to read one order.
    one = len(orders) == 1
    sql = f"""
    select l.order_id as "order", l.n, l.product_id as product, l.variant_id as variant, l.title,
           l.variant_title, l.sku, l.quantity, o.currency, l.unit_minor, l.list_minor,
           l.seller_discount_minor, l.cofunding_minor, l.subsidy_minor, l.goods_minor,
           l.vat_basis_points, l.vat_minor, l.shipping_minor, l.shipping_subsidy_minor,
           l.shipping_vat_minor, l.commission_base_minor, l.commission_basis_points,
           l.commission_minor, l.creator_id as creator, l.creator_basis_points, l.creator_minor,
           l.withdrawal, b.starts_at, b.ends_at, b.place, b.cancel_until
    from order_line l join orders o on o.id = l.order_id
    left join booking b on b.order_id = l.order_id and b.n = l.n
    where l.order_id = {"%s" if one else "any(%s)"} order by l.order_id, l.n
    """
    lines: defaultdict[UUID, list[OrderLine]] = defaultdict(list)
    for line in await rows(tx, sql, (orders[0] if one else list(orders),), OrderLine):
        lines[line.order].append(line)
    return lines


class Finding(msgspec.Struct):
    """An order whose amounts, payment and books do not agree."""

    rule: str
    subject: str


async def check_orders(tx: Tx, limit: int = 100) -> list[Finding]:
    """List orders and checkouts that finance would not sign; empty is right.

    Each paid order is booked once and no other; lines sum to orders, orders to checkouts,
    checkouts to payments; what was paid and refused is on its way back or back.
    """
    sql = """
    with booked as (
      select order_id, count(*) filter (where kind = 'sale') as sales,
             count(*) filter (where kind = 'unfulfillable') as late,
             count(*) filter (where kind = 'refund_unfulfillable') as refunds
      from posting where order_id is not null group by order_id),
    summed as (
      select order_id, sum(goods_minor) as goods, sum(shipping_minor) as shipping,
             sum(subsidy_minor + shipping_subsidy_minor) as subsidy,
             sum(vat_minor + shipping_vat_minor) as vat, sum(commission_minor) as commission,
             sum(creator_minor) as creators
      from order_line group by order_id),
    findings as (
      select case
          when o.paid_at is not null and coalesce(b.sales, 0) <> 1 then 'paid order not booked once'
          when o.paid_at is null and coalesce(b.sales, 0) <> 0 then 'order booked but not paid'
          when o.state = 'refused' and coalesce(b.late, 0) <> 1 then 'refused money not booked'
          when o.state <> 'refused' and coalesce(b.late, 0) <> 0 then 'booked as refused'
          when o.state = 'refused' and (p.state = 'refunded') <> (coalesce(b.refunds, 0) = 1)
            then 'refund and books differ'
          when (o.paid_at is not null) <> (c.state = 'paid')
            or o.paid_at is null and o.state <> c.state then 'order and checkout differ'
          when (o.paid_at is not null) <> (p.state = 'paid') then 'order and payment differ'
          when (o.goods_minor, o.shipping_minor, o.subsidy_minor, o.vat_minor,
                o.commission_minor, o.creators_minor)
               is distinct from (l.goods, l.shipping, l.subsidy, l.vat, l.commission, l.creators)
            then 'order and its lines differ'
        end as rule, o.number as subject
      from orders o join checkout c on c.id = o.checkout_id join payment p on p.id = c.payment_id
      left join booked b on b.order_id = o.id left join summed l on l.order_id = o.id
      union all
      select case
          when c.minor <> p.minor or c.currency <> p.currency then 'checkout and payment differ'
          when c.minor is distinct from (select sum(goods_minor + shipping_minor) from orders
                                         where checkout_id = c.id)
            then 'checkout and its orders differ'
          when c.paid_at is not null and exists (
              select from orders o join orders f on f.id = o.joins_id
              join checkout e on e.id = f.checkout_id
              where o.checkout_id = c.id and (
                (f.seller_id, f.show_id, f.market) is distinct from
                  (o.seller_id, o.show_id, o.market)
                or f.paid_at is null or o.shipping_minor <> 0
                or lower(e.address::text) <> lower(c.address::text)))
            then 'joins a parcel that is not its own'
        end, c.id::text
      from checkout c join payment p on p.id = c.payment_id
      union all
      select 'booked for no order', p.key from posting p
      where p.order_id is not null and not exists (select 1 from orders where id = p.order_id))
    select rule, subject from findings where rule is not null order by rule, subject limit %s
    """
    return await rows(tx, sql, (limit,), Finding)


async def find_buyer(tx: Tx, buyer: UUID, market: str) -> Person | None:
    """Return whom a browser's last paid purchase in a market was for, by what they told then."""
    return await find(
        tx,
        "select buyer as id, email, name, language from checkout"
        " where buyer = %s and market = %s and state = 'paid' order by at desc limit 1",
        (buyer, market),
        Person,
    )
