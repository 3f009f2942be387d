"""Placing by group commit: everybody who pays at the same moment is one transaction.

What a buyer holds is claimed, priced and frozen into one order a seller, before any provider
hears of it. The buyer's key makes a repeated request the same checkout.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier import baskets, incentives, payments, stock
from panier.baskets import Line, OpenParcel
from panier.kit.arrays import Uuids
from panier.kit.clock import now
from panier.kit.db import Tx, rows
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.orders.companies import judge_company
from panier.orders.frozen import Drafted, Placement, write
from panier.orders.pricing import Basket, Prices, read_joined, read_prices
from panier.orders.rules import (
    EmptyBasket,
    PaidFirst,
    PriceChanged,
    State,
    TooManyEach,
    basket_until,
    draft_orders,
)

KNOWN = """
select c.* from unnest(%b::uuid[], %b::uuid[]) w(buyer, key) cross join lateral (
  select id, buyer, key, state, payment_id as payment, page_url from checkout
  where buyer = w.buyer and key = w.key offset 0) c
"""


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
            await write(tx, drafted, moment)
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
    if any(p.claim for p in fresh):
        fresh = [await judge_company(tx, p, prices, holds[p.checkout]) for p in fresh]
        found = {p.checkout: _basket(p, holds[p.checkout]) for p in fresh}
    joined = await read_joined(tx, prices, found)
    wants = {
        p.checkout: _want(p, holds[p.checkout], moment) for p in fresh if p.checkout in claimed
    }
    over = await stock.find_over(tx, _limited(fresh, holds))
    till = await incentives.open_till(tx, list(wants.values()), moment)
    gone = await stock.find_gone(tx, holds)
    drafted = []
    for p in fresh:
        if p.checkout not in claimed:
            answers.setdefault(_pair(p), EmptyBasket())
            continue
        basket, mine = found[p.checkout], holds[p.checkout]
        want, parcels = wants[p.checkout], joined.get(p.checkout, {})
        reduction = _over(p, prices, over.get(p.checkout)) or _price(
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


def _limited(
    fresh: Sequence[Placement], holds: Mapping[UUID, Sequence[stock.Hold]]
) -> list[stock.Demand]:
    """List what was claimed of variants of which a buyer may have only so many."""
    demands = []
    for p in fresh:
        units: defaultdict[UUID, int] = defaultdict(int)
        limits = {hold.variant: hold.each for hold in holds[p.checkout] if hold.each is not None}
        for hold in holds[p.checkout] if limits else ():
            units[hold.variant] += hold.quantity
        for variant, limit in limits.items():
            asker = stock.Asker(p.buyer, p.person, variant)
            demands.append(stock.Demand(p.checkout, asker, units[variant], limit))
    return demands


def _over(p: Placement, prices: Prices, over: stock.Over | None) -> PanierError | None:
    if over is None:
        return None
    offer = prices.offers[p.market.code, p.language].get(over.variant)
    title = offer.title if offer else ""
    return TooManyEach(limit=over.limit, title=title, mine=over.mine, variant=str(over.variant))


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
