"""Reads: what a basket holds, priced now."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from panier import catalog, incentives, markets, stock
from panier.baskets.companies import judge
from panier.baskets.destinations import To, countries, find_refusal
from panier.baskets.reductions import Reduction, presses, take_off
from panier.baskets.rules import Destination, Each, Item, Line, by_seller, join_items, price, sums
from panier.catalog import Offer
from panier.incentives import ShownVoucher, Want, Who
from panier.kit.clock import ms, now
from panier.kit.db import Tx
from panier.kit.errors import PanierError
from panier.kit.i18n import translate
from panier.kit.money import Money
from panier.markets import Market, UnknownVatRate
from panier.people import Address
from panier.taxes import WORDS


class SellerName(msgspec.Struct, frozen=True):
    """Who sells a line."""

    id: UUID
    name: str


class ShownLine(msgspec.Struct, frozen=True):
    """A line as the sheet shows it."""

    variant: UUID
    product: UUID
    title: str
    variant_title: str
    image: str | None
    image_alt: str
    seller: SellerName
    quantity: int
    unit: Money
    """The regular price of one, as consumers pay it."""
    list: Money
    """The regular price of all."""
    total: Money
    """What the buyer pays for all."""
    expires_at: int
    """When the hold that ends first ends, in milliseconds since the epoch."""
    extended: bool
    """That hold was kept longer once, which is all there is."""
    offered: bool
    """That hold is an offer to somebody who waited in line; it cannot be kept longer."""
    unheld: int
    """Units that are not set aside: who pays first gets them."""
    left: int | None
    """What is left to sell where that is less than `unheld`; None: enough."""
    most: int | None
    """Units that one buyer may have, with what they bought; None: no such limit."""
    more: int | None
    """Of these, what this buyer may still add."""
    exemption: str
    """Why it stays bought; empty: the buyer may withdraw."""
    sent: bool
    """It goes in a parcel; else it takes place."""
    place: str | None
    """Where it takes place; empty: online."""


class ShownParcel(msgspec.Struct, frozen=True):
    """What one seller sends."""

    seller: SellerName
    shipping: Money
    """What the buyer pays for it."""
    free_from: Money | None
    """From this much of goods it costs nothing."""
    missing: Money | None
    """How much of goods is missing until then; None: nothing, or there is no such amount."""
    joins: str | None
    """The number of the earlier order in whose parcel it goes."""


class ShownBasket(msgspec.Struct, frozen=True):
    """A basket as the sheet shows it; `vat` is what of `total` is VAT of `country`."""

    lines: list[ShownLine]
    vouchers: list[ShownVoucher]
    parcels: list[ShownParcel]
    countries: list[str]
    """Where all of it may go, the market's own country first."""
    list: Money
    """The goods at their regular prices."""
    goods: Money
    shipping: Money
    total: Money
    vat: Money
    currency: str
    country: str
    """Where it goes, for these amounts."""
    refused: str | None
    """Why it cannot go where the buyer wished; the amounts are the market's own country's."""
    reverse_charge: bool
    """The buyer is a business that owes the VAT there: amounts are without it."""
    vat_note: str | None
    """What a company that gave its VAT id is told of who pays the VAT."""
    now: int
    """Server time in milliseconds since the epoch, for countdowns."""


class Asking(NamedTuple):
    """Somebody who buys from a seller in a show, and whose open parcel is looked for."""

    buyer: UUID
    person: UUID | None
    market: str
    seller: UUID
    show: UUID
    country: str
    address: Address | None
    """None: not known yet; then any in that country counts."""


class OpenParcel(NamedTuple):
    """An earlier order of the same show that is not packed yet."""

    order: UUID
    number: str


OpenParcels = Callable[[Tx, Sequence[Asking]], Awaitable[Sequence[OpenParcel | None]]]
"""Finds open parcels, asked all at once; given by those above, who know the orders."""


class Sent(NamedTuple):
    """Where a basket goes, and where else it might."""

    destination: Destination
    countries: Sequence[str]
    joined: Mapping[UUID, OpenParcel]
    """Open parcels by seller."""
    refused: str | None = None
    vat_note: str | None = None


class Visit(NamedTuple):
    """Who looks at their basket, where, and where it shall go."""

    who: Who
    market: Market
    language: str
    to: To
    open_parcels: OpenParcels


class Priced(NamedTuple):
    """A basket as it would be ordered now."""

    reduction: Reduction
    sent: Sent


def list_askings(
    who: Who,
    market: str,
    offers: Iterable[Offer],
    holds: Sequence[stock.Hold],
    *,
    to: To,
    show: UUID | None = None,
) -> dict[UUID, Asking]:
    """Return by seller what to ask of open parcels: of those who offer one a show.

    A seller's order belongs to the show in which its first item was put into the basket.
    """
    sellers = {o.variant: o.seller for o in offers if o.one_parcel_per_show and o.is_sent}
    askings: dict[UUID, Asking] = {}
    seen: set[UUID] = set()
    for hold in holds:
        seller, of = sellers.get(hold.variant), hold.show or show
        if seller is None or seller in seen:
            continue
        seen.add(seller)
        if of is not None and to.country is not None:
            askings[seller] = Asking(
                who.visitor, who.person, market, seller, of, to.country, to.address
            )
    return askings


async def get_basket(tx: Tx, visit: Visit) -> ShownBasket:
    """Return what a buyer holds, priced and reduced as it would be now."""
    moment = now()
    priced = await price_basket(tx, visit, moment)
    return show_lines(priced.reduction, visit.market.currency, moment, priced.sent)


async def price_basket(tx: Tx, visit: Visit, moment: datetime) -> Priced:
    """Price and reduce what a buyer holds; nothing is granted.

    Where it cannot go as the buyer wishes, it is priced for the market's own country, and the
    reason is told. Raises UnknownVatRate for that country.
    """
    who, market, language, to, open_parcels = visit
    holds = await stock.list_holds(tx, who.visitor, market.code)
    gone = (await stock.find_gone(tx, {who.visitor: holds})).get(who.visitor, {})
    limits = await _find_limits(tx, who, holds)
    items = join_items(
        Item(
            h.variant, h.quantity, h.expires_at, h.extended, h.offered,
            0 if h.aside else h.quantity, gone.get(h.variant), limits.get(h.variant),
        )
        for h in holds
    )  # fmt: skip
    found = await catalog.find_offers(tx, market.code, [item.variant for item in items], language)
    offers = {offer.variant: offer for offer in found}
    categories = {offer.vat_category for offer in found}
    places, rates = countries(found, market.country), {}
    if found:
        pairs = [(country, category) for country in places for category in categories]
        rates = await markets.find_vat_rates(tx, pairs, market.day(moment))
    wanted = to.country or market.country
    refusal = find_refusal(found, wanted, market.country, language) or find_unknown(
        rates, wanted, categories, market, moment
    )
    if refusal is not None:
        if wanted == market.country:
            raise refusal
        to, wanted = To(), market.country
    verdict = await judge(tx, to.claim, wanted, found, moment) if to.claim and found else None
    destination = Destination(wanted, verdict is not None and verdict.reverse_charge)
    note = translate(language, WORDS[verdict.why]) if verdict else None
    asked = list_askings(who, market.code, found, holds, to=to._replace(country=wanted))
    joined = await join_parcels(tx, asked, open_parcels)
    taxed = {category: rates[wanted, category] for category in categories}
    lines = price(items, offers, taxed, wanted, joined)
    want = Want(who.visitor, who, market.code, presses(holds, moment))
    till = await incentives.open_till(tx, [want], moment, lock=False)
    known = [c for c in places if all((c, category) in rates for category in categories)]
    sent = Sent(destination, known, joined, refusal.message(language) if refusal else None, note)
    reduction = take_off(
        till, want, lines, holds, show=None, destination=destination, joined=joined
    )
    return Priced(reduction, sent)


async def _find_limits(tx: Tx, who: Who, holds: Sequence[stock.Hold]) -> dict[UUID, Each]:
    """Return what there is to say of limits per buyer; asks nothing where there is none."""
    limits = {hold.variant: hold.each for hold in holds if hold.each is not None}
    if not limits:
        return {}
    had = await stock.count_had(tx, [stock.Asker(who.visitor, who.person, v) for v in limits])
    return {
        variant: Each(limit, max(0, limit - units))
        for (variant, limit), units in zip(limits.items(), had, strict=True)
    }


async def join_parcels(
    tx: Tx, asked: Mapping[UUID, Asking], open_parcels: OpenParcels
) -> dict[UUID, OpenParcel]:
    """Return the open parcels that were asked for, by seller; without a question, no look."""
    if not asked:
        return {}
    answers = await open_parcels(tx, list(asked.values()))
    return {
        seller: answer for seller, answer in zip(asked, answers, strict=True) if answer is not None
    }


def find_unknown(
    rates: Mapping[tuple[str, str], int],
    country: str,
    categories: Iterable[str],
    market: Market,
    moment: datetime,
) -> PanierError | None:
    """Return which VAT rate of `country` nobody knows, as an error; None: all are known."""
    for category in sorted(categories):
        if (country, category) not in rates:
            on = market.day(moment).isoformat()
            return UnknownVatRate(country=country, category=category, on=on)
    return None


def show_lines(reduction: Reduction, currency: str, at: datetime, sent: Sent) -> ShownBasket:
    """Give priced lines the shape that the sheet reads."""
    lines = reduction.lines
    amounts, zero = sums(lines, currency), Money.zero(currency)
    return ShownBasket(
        lines=[_shown(line) for line in lines],
        vouchers=list(reduction.vouchers),
        parcels=[
            _parcel(of, reduction, sent)
            for of in by_seller(lines)
            if any(line.offer.is_sent for line in of)
        ],
        list=sum((line.list for line in lines), zero),
        goods=amounts.goods,
        shipping=amounts.shipping,
        total=amounts.total,
        vat=sum((line.vat_paid for line in lines), zero),
        currency=currency,
        country=sent.destination.country,
        countries=list(sent.countries),
        refused=sent.refused,
        reverse_charge=sent.destination.reverse_charge,
        vat_note=sent.vat_note,
        now=ms(at),
    )


def _shown(line: Line) -> ShownLine:
    return ShownLine(
        variant=line.offer.variant,
        product=line.offer.product,
        title=line.offer.title,
        variant_title=line.offer.variant_title,
        image=line.offer.image,
        image_alt=line.offer.image_alt,
        seller=SellerName(line.offer.seller, line.offer.seller_name),
        quantity=line.quantity,
        unit=line.offer.unit,
        list=line.list,
        total=line.total,
        expires_at=ms(line.expires_at),
        extended=line.extended,
        offered=line.offered,
        unheld=line.unheld,
        left=line.left,
        most=line.each.limit if line.each else None,
        more=line.each.more if line.each else None,
        exemption=line.offer.exemption,
        sent=line.offer.is_sent,
        place=line.offer.slot.place if line.offer.slot else None,
    )


def _parcel(lines: Sequence[Line], reduction: Reduction, sent: Sent) -> ShownParcel:
    offer = lines[0].offer
    joins, missing = sent.joined.get(offer.seller), reduction.missing.get(offer.seller)
    rate = offer.parcels.get(sent.destination.country)
    threshold = rate.free_from_minor if rate else None
    return ShownParcel(
        seller=SellerName(offer.seller, offer.seller_name),
        shipping=sum((line.shipping for line in lines), offer.unit * 0),
        free_from=None if missing is None or threshold is None
        else Money(threshold, offer.unit.currency),
        missing=missing or None,
        joins=joins.number if joins else None,
    )  # fmt: skip


def as_json(basket: ShownBasket) -> dict[str, Any]:
    """Return the basket as JSON-safe values, for the details of an error."""
    shown: dict[str, Any] = msgspec.to_builtins(basket)
    return shown
