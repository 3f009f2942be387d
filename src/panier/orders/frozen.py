"""What a placed basket is frozen as: one checkout with its payment, one order a seller, lines."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from panier import baskets, payments
from panier.baskets import OpenParcel
from panier.kit.arrays import (
    Bigs,
    Bools,
    Ints,
    Jsons,
    Kinds,
    Smalls,
    Texts,
    Uuids,
    columns,
)
from panier.kit.db import Tx, run
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.markets import Market
from panier.orders.bookings import write_bookings
from panier.orders.rules import Draft, DraftLine, number
from panier.people import Address
from panier.taxes import Business

CHECKOUTS = """
insert into checkout (id, key, buyer, market, show_id, person_id, payment_id, state, minor,
  currency, email, name, name_on_air, address, remember, language, page_url, business, at)
select id, key, buyer, market, show_id, person_id, payment_id, 'placed', minor, currency, email,
  name, name_on_air, address, remember, language, page_url, business, %b
from unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::uuid[],
            %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::jsonb[], %b::bool[],
            %b::text[], %b::text[], %b::jsonb[])
  g(id, key, buyer, market, show_id, person_id, payment_id, minor, currency, email, name,
    name_on_air, address, remember, language, page_url, business)
"""
ORDERS = """
insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,
  goods_minor, shipping_minor, subsidy_minor, vat_minor, commission_minor, creators_minor,
  joins_id, at)
select id, checkout_id, market, seller_id, show_id, number, 'placed', currency, goods, shipping,
  subsidy, vat, commission, creators, joins_id, %b
from unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::text[], %b::bigint[],
            %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::uuid[],
            %b::text[])
  g(id, checkout_id, market, seller_id, show_id, currency, goods, shipping, subsidy, vat,
    commission, creators, joins_id, number)
"""
ORDER_COLUMNS: Kinds = (Uuids, Uuids, Texts, Uuids, Uuids, Texts, *[Bigs] * 6, Uuids, Texts)
LINES = """
insert into order_line (order_id, n, product_id, variant_id, title, variant_title, sku, quantity,
  unit_minor, list_minor, seller_discount_minor, cofunding_minor, subsidy_minor, goods_minor,
  vat_basis_points, vat_minor, shipping_minor, shipping_subsidy_minor, shipping_vat_minor,
  commission_base_minor, commission_basis_points, commission_minor, creator_id,
  creator_basis_points, creator_minor, withdrawal)
select * from unnest(%b::uuid[], %b::smallint[], %b::uuid[], %b::uuid[], %b::text[], %b::text[],
  %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
  %b::bigint[], %b::int[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
  %b::int[], %b::bigint[], %b::uuid[], %b::int[], %b::bigint[], %b::text[])
"""
LINE_COLUMNS: Kinds = (
    Uuids, Smalls, Uuids, Uuids, Texts, Texts, Texts, Ints, *[Bigs] * 6, Ints, *[Bigs] * 5, Ints,
    Bigs, Uuids, Ints, Bigs, Texts,
)  # fmt: skip
CHECKOUT_COLUMNS: Kinds = (
    *[Uuids] * 3, Texts, *[Uuids] * 3, Bigs, *[Texts] * 4, Jsons, Bools, Texts, Texts, Jsons,
)  # fmt: skip
# Numbers run per market and year of its calendar; the row stays locked until the commit.
NUMBERS = """
insert into order_number (market, year, last)
select * from unnest(%b::text[], %b::smallint[], %b::bigint[]) order by 1, 2
on conflict (market, year) do update set last = order_number.last + excluded.last
returning market, year, last
"""


class Placement(msgspec.Struct, frozen=True):
    """A buyer's request to pay for what they hold."""

    checkout: UUID
    key: UUID
    buyer: UUID
    market: Market
    show: UUID | None
    person: UUID | None
    email: str
    name: str
    name_on_air: str | None
    address: Address
    remember: bool
    language: str
    token: str
    """The provider's name for the card."""
    keep: bool
    """Have the provider keep the card."""
    expected: Money | None
    """The total that the buyer saw."""
    page_url: str
    payment_seconds: int
    provider: str
    """Who takes the money."""
    claim: baskets.Claim | None = None
    """The VAT id of a buyer that is a company; who pays the VAT is judged when it is placed,"""
    business: Business | None = None
    """and frozen with it."""

    @property
    def reverse_charge(self) -> bool:
        """Tell whether the buyer is a business that owes the VAT at the address."""
        return self.business is not None and self.business.reverse_charge


class Drafted(NamedTuple):
    """A placement with what it comes to."""

    placement: Placement
    payment: UUID
    drafts: list[Draft]
    shows: dict[UUID, UUID | None]
    """The show in which each seller's first item was put into the basket."""
    parcels: Mapping[UUID, OpenParcel]
    """Earlier orders in whose parcels those of sellers go."""

    @property
    def total(self) -> Money:
        """Return what one payment pays."""
        return sum(
            (draft.total for draft in self.drafts), Money.zero(self.placement.market.currency)
        )


async def write(tx: Tx, drafted: Sequence[Drafted], moment: datetime) -> None:
    """Freeze what was drafted: payments, checkouts, orders with their numbers, lines."""
    await payments.create(
        tx,
        [
            payments.NewPayment(
                id=d.payment,
                market=d.placement.market.code,
                amount=d.total,
                token=d.placement.token,
                keep=d.placement.keep,
                provider=d.placement.provider,
                person=d.placement.person if d.placement.keep else None,
            )
            for d in drafted
        ],
    )
    checkouts = [_checkout_row(d.placement, d) for d in drafted]
    await run(tx, CHECKOUTS, (moment, *columns(checkouts, CHECKOUT_COLUMNS)))
    order_rows, line_rows, booked = list[tuple[Any, ...]](), [], []
    for d in drafted:
        for draft in d.drafts:
            order, joins = new_id(), d.parcels.get(draft.seller)
            order_rows.append(
                (
                    order, d.placement.checkout, d.placement.market.code, draft.seller,
                    d.shows[draft.seller], draft.goods.currency, draft.goods.minor,
                    draft.shipping.minor, draft.subsidy.minor, draft.vat.minor,
                    draft.commission.minor, draft.creators.minor, joins.order if joins else None,
                )
            )  # fmt: skip
            line_rows += [_line_row(order, n, drawn) for n, drawn in enumerate(draft.lines, 1)]
            booked += [(order, n, drawn.line) for n, drawn in enumerate(draft.lines, 1)]
    # Late, for whoever else places in the market and year waits for them.
    numbers = await _numbers(tx, drafted, moment)
    order_rows = [(*row, numbers[row[2]].pop()) for row in order_rows]
    await run(tx, ORDERS, (moment, *columns(order_rows, ORDER_COLUMNS)))
    await run(tx, LINES, columns(line_rows, LINE_COLUMNS))
    await write_bookings(tx, booked)


def _checkout_row(p: Placement, d: Drafted) -> tuple[object, ...]:
    return (
        p.checkout, p.key, p.buyer, p.market.code, p.show, p.person, d.payment, d.total.minor,
        d.total.currency, p.email, p.name, p.name_on_air,
        msgspec.json.encode(p.address), p.remember, p.language, p.page_url,
        msgspec.json.encode(p.business) if p.business else None,
    )  # fmt: skip


def _line_row(order: UUID, n: int, drawn: DraftLine) -> tuple[object, ...]:
    line, terms, offer = drawn.line, drawn.terms, drawn.line.offer
    return (
        order, n, offer.product, offer.variant, offer.title, offer.variant_title, offer.sku,
        line.quantity, offer.unit.minor, line.list.minor, line.seller_discount.minor,
        line.cofunding.minor, line.subsidy.minor, line.total.minor, line.vat_basis_points,
        line.vat.minor, line.shipping.minor, line.shipping_subsidy.minor, line.shipping_vat.minor,
        line.base.minor, terms.commission, drawn.commission.minor, terms.creator, terms.share,
        drawn.creator_share.minor, offer.withdrawal,
    )  # fmt: skip


async def _numbers(tx: Tx, drafted: Sequence[Drafted], moment: datetime) -> dict[str, list[str]]:
    """Take as many numbers of each market as there are orders; the lowest is last in its list."""
    counts: defaultdict[tuple[str, int], int] = defaultdict(int)
    for d in drafted:
        market = d.placement.market
        year = moment.astimezone(ZoneInfo(market.time_zone)).year
        counts[market.code, year] += len(d.drafts)
    cursor = await tx.execute(
        NUMBERS,
        ([code for code, _ in counts], [year for _, year in counts], list(counts.values())),
    )
    return {
        code: [number(code, year, last - back) for back in range(counts[code, year])]
        for code, year, last in await cursor.fetchall()
    }
