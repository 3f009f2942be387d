"""What a batch of placements is priced with: offers, VAT, commissions and shares, read once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import product
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from panier import baskets, catalog, creators, markets, shows, stock
from panier.baskets import Destination, Item, Line, OpenParcel
from panier.incentives import Who
from panier.kit.db import Tx
from panier.kit.errors import PanierError
from panier.markets import Market
from panier.orders.joining import lock_open_parcels
from panier.orders.rules import CurrencyMismatch, NotSoldHere, Terms
from panier.people import Address


class Basket(NamedTuple):
    """What one buyer claimed, where, and whereto."""

    market: Market
    language: str
    show: UUID | None
    """The show from which the buyer pays; each hold knows its own."""
    holds: Sequence[stock.Hold]
    who: Who
    address: Address
    reverse_charge: bool = False

    @property
    def destination(self) -> Destination:
        """Return where it goes."""
        return Destination(self.address.country, self.reverse_charge)


class Prices(NamedTuple):
    """What a batch needs to know of catalogue, VAT and fees."""

    moment: datetime
    offers: dict[tuple[str, str], dict[UUID, catalog.Offer]]
    """By market and language."""
    rates: dict[str, dict[tuple[str, str], int]]
    """VAT by market, country and category, in basis points, as far as it is known."""
    tiers: dict[UUID, str]
    """By seller."""
    commissions: dict[tuple[str, str, str], int]
    """By market, tier and category, in basis points."""
    shares: dict[tuple[UUID, UUID], creators.Share]
    """By show and product."""

    def find_refusal(self, basket: Basket) -> PanierError | None:
        """Say what of a basket is not offered, sent or taxed where it shall go; None: nothing."""
        offers = self.offers[basket.market.code, basket.language]
        claimed = list(dict.fromkeys(hold.variant for hold in basket.holds))
        missing = [str(variant) for variant in claimed if variant not in offers]
        if missing:
            return NotSoldHere(variants=missing)
        mine, country = [offers[variant] for variant in claimed], basket.address.country
        if any(offer.unit.currency != basket.market.currency for offer in mine):
            return CurrencyMismatch(currency=basket.market.currency)
        categories = {offer.vat_category for offer in mine}
        rates, market = self.rates[basket.market.code], basket.market
        return baskets.find_refusal(
            mine, country, market.country, basket.language
        ) or baskets.find_unknown(rates, country, categories, market, self.moment)

    def lines(self, basket: Basket, joined: Collection[UUID]) -> list[Line]:
        """Price what was claimed, where nothing is refused; `joined` sellers' parcels are open."""
        items = baskets.join_items(
            Item(h.variant, h.quantity, h.expires_at, unheld=0 if h.aside else h.quantity)
            for h in basket.holds
        )
        country = basket.address.country
        rates = {
            category: rate
            for (where, category), rate in self.rates[basket.market.code].items()
            if where == country
        }
        offers = self.offers[basket.market.code, basket.language]
        return baskets.price(items, offers, rates, country, joined)

    def askings(self, basket: Basket) -> dict[UUID, baskets.Asking]:
        """Return by seller what to ask of open parcels."""
        offers = self.offers[basket.market.code, basket.language].values()
        to = baskets.To(basket.address.country, basket.address)
        return baskets.list_askings(
            basket.who, basket.market.code, offers, basket.holds, to=to, show=basket.show
        )

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
    """Read everything for a batch."""
    sold_in = {b.market.code: b.market for b in batch}
    prices = Prices(moment, {}, {code: {} for code in sold_in}, {}, {}, {})
    wanted: defaultdict[tuple[str, str], set[UUID]] = defaultdict(set)
    for basket in batch:
        key = basket.market.code, basket.language
        wanted[key].update(hold.variant for hold in basket.holds)
    for (code, language), variants in wanted.items():
        found = await catalog.find_offers(tx, code, variants, language)
        prices.offers[code, language] = {offer.variant: offer for offer in found}
    for code, market in sold_in.items():
        offers = [
            offer
            for (where, _), found_there in prices.offers.items()
            if where == code
            for offer in found_there.values()
        ]
        day = moment.astimezone(ZoneInfo(market.time_zone)).date()
        places = {basket.address.country for basket in batch if basket.market.code == code}
        taxed = product(places, {offer.vat_category for offer in offers})
        prices.rates[code].update(await markets.find_vat_rates(tx, taxed, day))
        await _read_commissions(tx, prices, code, offers, day)
    await _read_shares(tx, prices, batch)
    return prices


async def read_joined(
    tx: Tx, prices: Prices, batch: Mapping[UUID, Basket]
) -> dict[UUID, dict[UUID, OpenParcel]]:
    """Return open parcels by checkout and seller, kept open until the end of `tx`.

    One question for the batch, none where no seller sends one parcel a show.
    """
    asked = [
        (checkout, seller, asking)
        for checkout, basket in batch.items()
        for seller, asking in prices.askings(basket).items()
    ]
    if not asked:
        return {}
    joined: defaultdict[UUID, dict[UUID, OpenParcel]] = defaultdict(dict)
    answers = await lock_open_parcels(tx, [asking for _, _, asking in asked])
    for (checkout, seller, _), answer in zip(asked, answers, strict=True):
        if answer is not None:
            joined[checkout][seller] = answer
    return joined


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
