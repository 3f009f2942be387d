"""What a batch of placements is priced with: offers, VAT, commissions and shares, read once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from panier import baskets, catalog, creators, markets, shows, stock
from panier.baskets import Item, Line
from panier.kit.db import Tx
from panier.markets import Market
from panier.orders.rules import Terms


class Basket(NamedTuple):
    """What one buyer claimed, and where."""

    market: Market
    language: str
    show: UUID | None
    """The show from which the buyer pays; each hold knows its own."""
    holds: Sequence[stock.Hold]


class Prices(NamedTuple):
    """What a batch needs to know of catalogue, VAT and fees."""

    moment: datetime
    offers: dict[tuple[str, str], dict[UUID, catalog.Offer]]
    """By market and language."""
    rates: dict[str, dict[str, int]]
    """VAT by market and category, in basis points."""
    tiers: dict[UUID, str]
    """By seller."""
    commissions: dict[tuple[str, str, str], int]
    """By market, tier and category, in basis points."""
    shares: dict[tuple[UUID, UUID], creators.Share]
    """By show and product."""

    def lines(self, basket: Basket) -> tuple[list[Line], list[UUID]]:
        """Price what was claimed; returns lines, and variants that are not offered any more."""
        items = baskets.join_items(Item(h.variant, h.quantity, h.expires_at) for h in basket.holds)
        offers = self.offers[basket.market.code, basket.language]
        missing = [item.variant for item in items if item.variant not in offers]
        return baskets.price(items, offers, self.rates[basket.market.code]), missing

    def terms(self, basket: Basket, lines: Sequence[Line]) -> dict[UUID, Terms]:
        """Return what is taken of each variant's sale.

        A variant that came from several shows counts as sold in the first.
        """
        shows_of = _first_shows(basket)
        terms = {}
        for line in lines:
            offer = line.offer
            tier = self.tiers[offer.seller]
            commission = self.commissions[basket.market.code, tier, offer.vat_category]
            show = shows_of.get(offer.variant)
            share = self.shares.get((show, offer.product)) if show else None
            terms[offer.variant] = (
                Terms(commission, share.creator, share.basis_points) if share else Terms(commission)
            )
        return terms


def _first_shows(basket: Basket) -> dict[UUID, UUID | None]:
    found: dict[UUID, UUID | None] = {}
    for hold in basket.holds:
        found.setdefault(hold.variant, hold.show or basket.show)
    return found


async def read_prices(tx: Tx, batch: Sequence[Basket], moment: datetime) -> Prices:
    """Read everything for a batch; raises UnknownVatRate."""
    places = {b.market.code: b.market for b in batch}
    prices = Prices(moment, {}, {code: {} for code in places}, {}, {}, {})
    wanted: defaultdict[tuple[str, str], set[UUID]] = defaultdict(set)
    for basket in batch:
        key = basket.market.code, basket.language
        wanted[key].update(hold.variant for hold in basket.holds)
    for (code, language), variants in wanted.items():
        found = await catalog.find_offers(tx, code, variants, language)
        prices.offers[code, language] = {offer.variant: offer for offer in found}
    for code, market in places.items():
        offers = [
            offer
            for (where, _), found_there in prices.offers.items()
            if where == code
            for offer in found_there.values()
        ]
        categories = {offer.vat_category for offer in offers}
        prices.rates[code].update(await baskets.get_vat_rates(tx, market, categories, moment))
        day = moment.astimezone(ZoneInfo(market.time_zone)).date()
        await _read_commissions(tx, prices, code, offers, day)
    await _read_shares(tx, prices, batch)
    return prices


async def _read_commissions(
    tx: Tx, prices: Prices, code: str, offers: Sequence[catalog.Offer], day: date
) -> None:
    prices.tiers.update(await catalog.list_tiers(tx, {offer.seller for offer in offers}, day))
    asked = sorted({(prices.tiers[offer.seller], offer.vat_category) for offer in offers})
    found = await markets.find_commissions(tx, code, asked, day)
    prices.commissions.update({(code, *key): points for key, points in found.items()})


async def _read_shares(tx: Tx, prices: Prices, batch: Sequence[Basket]) -> None:
    asked: dict[tuple[UUID, UUID], tuple[str, UUID]] = {}
    for basket in batch:
        offers = prices.offers[basket.market.code, basket.language]
        for variant, show in _first_shows(basket).items():
            if show is not None and variant in offers:
                offer = offers[variant]
                asked[show, offer.product] = basket.market.code, offer.seller
    if not asked:
        return
    hosts = await shows.list_hosts(tx, {show for show, _ in asked})
    sales = [
        creators.Sale(market, hosts.get(show), seller, product, prices.moment)
        for (show, product), (market, seller) in asked.items()
    ]
    for key, share in zip(asked, await creators.find_shares(tx, sales), strict=True):
        if share is not None:
            prices.shares[key] = share
