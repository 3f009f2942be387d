"""Placing by group commit: everybody who pays at the same moment is one transaction.

What a buyer holds is claimed, priced and frozen into one order a seller, before any provider
hears of it. The buyer's key makes a repeated request the same checkout.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from panier import baskets, incentives, payments, stock
from panier.baskets import Line, OpenParcel
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
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.markets import Market
from panier.orders.bookings import write_bookings
from panier.orders.pricing import Basket, Prices, read_joined, read_prices
from panier.orders.rules import (
    Draft,
    DraftLine,
    EmptyBasket,
    PaidFirst,
    PriceChanged,
    State,
    basket_until,
    draft_orders,
    number,
)
from panier.people import Address

KNOWN = """
select c.* from unnest(%b::uuid[], %b::uuid[]) w(buyer, key) cross join lateral (
  select id, buyer, key, state, payment_id as payment, page_url from checkout
  where buyer = w.buyer and key = w.key offset 0) c
"""
CHECKOUTS = """
insert into checkout (id, key, buyer, market, show_id, person_id, payment_id, state, minor,
  currency, email, name, name_on_air, address, remember, language, page_url, at)
select id, key, buyer, market, show_id, person_id, payment_id, 'placed', minor, currency, email,
  name, name_on_air, address, remember, language, page_url, %b
from unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::uuid[],
            %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::jsonb[], %b::bool[],
            %b::text[], %b::text[])
  g(id, key, buyer, market, show_id, person_id, payment_id, minor, currency, email, name,
    name_on_air, address, remember, language, page_url)
"""
ORDERS = """
insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,
  goods_minor, shipping_minor, subsidy_minor, vat_minor, commission_minor, creators_minor,
  joins_id, at)
select id, checkout_id, market, seller_id, show_id, number, 'placed', currency, goods, shipping,
  subsidy, vat, commission, creators, joins_id, %b
from unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::text[], %b::text[],
            %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
            %b::uuid[])
  g(id, checkout_id, market, seller_id, show_id, number, currency, goods, shipping, subsidy, vat,
    commission, creators, joins_id)
"""
ORDER_COLUMNS: Kinds = (Uuids, Uuids, Texts, Uuids, Uuids, Texts, Texts, *[Bigs] * 6, Uuids)
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
    *[Uuids] * 3, Texts, *[Uuids] * 3, Bigs, *[Texts] * 4, Jsons, Bools, Texts, Texts,
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
    reverse_charge: bool = False
    """The buyer is a business that owes the VAT at the address."""


class Known(msgspec.Struct, frozen=True):
    """A checkout by the buyer's key."""

    id: UUID
    buyer: UUID
    key: UUID
    state: str
    payment: UUID
    page_url: str


class Placed(NamedTuple):
    """A checkout that was placed now or by an earlier request with the same key."""

    id: UUID
    state: str
    payment: payments.Payment
    page_url: str


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


Pair = tuple[int, int]
"""Buyer and key, as integers: a UUID's own hash is slow Python."""
Answers = dict[Pair, Known | PanierError]


async def place_batch(tx: Tx, batch: list[Placement]) -> list[Placed | PanierError]:
    """Place a batch: known keys answer as they did, the others claim what their buyers hold."""
    answers: Answers = dict(await _known(tx, batch))
    fresh: dict[Pair, Placement] = {}
    for p in batch:
        if _pair(p) not in answers:
            fresh.setdefault(_pair(p), p)
    if fresh:
        moment = now()
        drafted = await _draft(tx, list(fresh.values()), moment, answers)
        if drafted:
            await _write(tx, drafted, moment)
        for d in drafted:
            p = d.placement
            answers[_pair(p)] = Known(
                p.checkout, p.buyer, p.key, State.PLACED, d.payment, p.page_url
            )
    keys = [known.payment for known in answers.values() if isinstance(known, Known)]
    stands = await payments.list_payments(tx, keys) if keys else {}
    told: list[Placed | PanierError] = []
    for p in batch:
        answer = answers[_pair(p)]
        if isinstance(answer, Known):
            payment = stands[answer.payment]
            told.append(Placed(answer.id, answer.state, payment, answer.page_url))
        else:
            told.append(answer)
    return told


def _pair(asked: Placement | Known) -> Pair:
    return asked.buyer.int, asked.key.int


async def _known(tx: Tx, batch: Sequence[Placement]) -> dict[Pair, Known]:
    asked = (Uuids([p.buyer for p in batch]), Uuids([p.key for p in batch]))
    found = await rows(tx, KNOWN, asked, Known)
    return {_pair(known): known for known in found}


async def _draft(
    tx: Tx, fresh: list[Placement], moment: datetime, answers: Answers
) -> list[Drafted]:
    """Claim and price; whoever is refused has an answer and their basket back."""
    until = moment + timedelta(seconds=max(p.payment_seconds for p in fresh))
    claims = [stock.Claim(p.checkout, p.buyer, p.market.code) for p in fresh]
    claimed = await stock.claim(tx, claims, until)
    if len(claimed) < len(fresh):
        # Nothing to claim: the basket is empty, or the same request was committed a moment ago.
        answers |= await _known(tx, [p for p in fresh if p.checkout not in claimed])
    holds: defaultdict[UUID, list[stock.Hold]] = defaultdict(list)
    for hold in await stock.list_claimed(tx, list(claimed)):
        if hold.checkout is not None:
            holds[hold.checkout].append(hold)
    found = {p.checkout: _basket(p, holds[p.checkout]) for p in fresh}
    prices = await read_prices(tx, list(found.values()), moment)
    joined = await read_joined(tx, prices, found)
    wants = {p.checkout: _want(p, holds[p.checkout], moment) for p in fresh if p.checkout in claimed}
    till = await incentives.open_till(tx, list(wants.values()), moment)
    gone = await stock.find_gone(tx, holds)
    drafted = []
    for p in fresh:
        if p.checkout not in claimed:
            answers.setdefault(_pair(p), EmptyBasket())
            continue
        basket, mine = found[p.checkout], holds[p.checkout]
        want, parcels = wants[p.checkout], joined.get(p.checkout, {})
        reduction = _price(
            p, basket, prices, parcels=parcels, till=till, want=want, gone=gone.get(p.checkout)
        )
        if isinstance(reduction, PanierError):
            await stock.unclaim(tx, {hold.id: basket_until(hold, moment) for hold in mine})
            answers[_pair(p)] = reduction
            continue
        till.accept(want, reduction.reduced)
        lines = reduction.lines
        drafts = draft_orders(lines, prices.terms(basket, lines), p.market.currency)
        shows = _first_shows(p, lines, mine)
        drafted.append(Drafted(p, new_id(), drafts, shows, parcels))
    await till.close(tx)
    return drafted


def _basket(p: Placement, holds: Sequence[stock.Hold]) -> Basket:
    who = incentives.Who(p.buyer, p.person)
    return Basket(p.market, p.language, p.show, holds, who, p.address, p.reverse_charge)


def _want(p: Placement, holds: Sequence[stock.Hold], moment: datetime) -> incentives.Want:
    who = incentives.Who(p.buyer, p.person, incentives.digest_email(p.email))
    return incentives.Want(p.checkout, who, p.market.code, baskets.presses(holds, moment))


def _price(
    p: Placement,
    basket: Basket,
    prices: Prices,
    *,
    parcels: Mapping[UUID, OpenParcel],
    till: incentives.Till,
    want: incentives.Want,
    gone: Mapping[UUID, int] | None,
) -> baskets.Reduction | PanierError:
    """Price and reduce what was claimed, or say why it cannot be placed.

    A buyer who told which total they saw was shown a voucher that does not apply; else it is told.
    """
    refusal = prices.find_refusal(basket)
    if refusal is not None:
        return refusal
    lines = prices.lines(basket, parcels)
    if gone:
        return next(
            PaidFirst(title=line.offer.title, variant=str(of), available=gone[of])
            for line in lines
            if (of := line.offer.variant) in gone
        )
    to = basket.destination
    reduction = baskets.take_off(
        till, want, lines, basket.holds, show=p.show, destination=to, joined=parcels
    )
    if p.expected is None:
        return next(iter(reduction.reduced.problems.values()), reduction)
    if p.expected == baskets.sums(reduction.lines, p.market.currency).total:
        return reduction
    places = baskets.countries([line.offer for line in lines], p.market.country)
    sent = baskets.Sent(to, places, parcels)
    shown = baskets.show_lines(reduction, p.market.currency, prices.moment, sent)
    return PriceChanged(basket=baskets.as_json(shown))


def _first_shows(
    p: Placement, lines: Sequence[Line], holds: Sequence[stock.Hold]
) -> dict[UUID, UUID | None]:
    sellers = {line.offer.variant: line.offer.seller for line in lines}
    shows: dict[UUID, UUID | None] = {}
    for hold in holds:
        shows.setdefault(sellers[hold.variant], hold.show or p.show)
    return shows


async def _write(tx: Tx, drafted: Sequence[Drafted], moment: datetime) -> None:
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
    numbers = await _numbers(tx, drafted, moment)
    order_rows, line_rows, booked = [], [], []
    for d in drafted:
        for draft in d.drafts:
            order, joins = new_id(), d.parcels.get(draft.seller)
            order_rows.append(
                (
                    order, d.placement.checkout, d.placement.market.code, draft.seller,
                    d.shows[draft.seller], numbers[d.placement.market.code].pop(),
                    draft.goods.currency, draft.goods.minor, draft.shipping.minor,
                    draft.subsidy.minor, draft.vat.minor, draft.commission.minor,
                    draft.creators.minor, joins.order if joins else None,
                )
            )  # fmt: skip
            line_rows += [_line_row(order, n, drawn) for n, drawn in enumerate(draft.lines, 1)]
            booked += [(order, n, drawn.line) for n, drawn in enumerate(draft.lines, 1)]
    await run(tx, ORDERS, (moment, *columns(order_rows, ORDER_COLUMNS)))
    await run(tx, LINES, columns(line_rows, LINE_COLUMNS))
    await write_bookings(tx, booked)


def _checkout_row(p: Placement, d: Drafted) -> tuple[object, ...]:
    return (
        p.checkout, p.key, p.buyer, p.market.code, p.show, p.person, d.payment, d.total.minor,
        d.total.currency, p.email, p.name, p.name_on_air,
        msgspec.json.encode(p.address), p.remember, p.language, p.page_url,
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
