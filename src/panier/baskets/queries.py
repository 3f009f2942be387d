"""Reads: what a basket holds, priced now."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from panier import catalog, incentives, markets, stock
from panier.baskets.reductions import Reduction, presses, take_off
from panier.baskets.rules import Item, Line, join_items, price, sums, vat_paid
from panier.incentives import ShownVoucher, Want, Who
from panier.kit.clock import ms, now
from panier.kit.db import Tx
from panier.kit.money import Money
from panier.markets import Market


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
    """The regular price of one."""
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


class ShownBasket(msgspec.Struct, frozen=True):
    """A basket as the sheet shows it; amounts include VAT, `vat` is what of `total` is VAT."""

    lines: list[ShownLine]
    vouchers: list[ShownVoucher]
    list: Money
    """The goods at their regular prices."""
    goods: Money
    shipping: Money
    total: Money
    vat: Money
    currency: str
    now: int
    """Server time in milliseconds since the epoch, for countdowns."""


async def get_vat_rates(
    tx: Tx, market: Market, categories: Iterable[str], at: datetime
) -> dict[str, int]:
    """Return VAT in basis points by category, on the market's own day; raises UnknownVatRate."""
    day = at.astimezone(ZoneInfo(market.time_zone)).date()
    return {
        category: await markets.get_vat_rate(tx, market.country, category, day)
        for category in sorted(set(categories))
    }


async def price_items(
    tx: Tx, market: Market, items: Sequence[Item], language: str, at: datetime
) -> list[Line]:
    """Price items as they are offered now in `language`."""
    offers = {
        offer.variant: offer
        for offer in await catalog.find_offers(
            tx, market.code, [item.variant for item in items], language
        )
    }
    rates = await get_vat_rates(tx, market, (o.vat_category for o in offers.values()), at)
    return price(items, offers, rates)


async def get_basket(tx: Tx, who: Who, market: Market, language: str) -> ShownBasket:
    """Return what a buyer holds in `market`, priced and reduced as it would be now."""
    moment = now()
    reduction = await price_basket(tx, who, market, language, moment)
    return show_lines(reduction.lines, market.currency, moment, reduction.vouchers)


async def price_basket(
    tx: Tx, who: Who, market: Market, language: str, moment: datetime
) -> Reduction:
    """Price and reduce what a buyer holds; nothing is granted."""
    holds = await stock.list_holds(tx, who.visitor, market.code)
    items = join_items(
        Item(h.variant, h.quantity, h.expires_at, h.extended, h.offered) for h in holds
    )
    lines = await price_items(tx, market, items, language, moment) if items else []
    want = Want(who.visitor, who, market.code, presses(holds))
    till = await incentives.open_till(tx, [want], moment, lock=False)
    return take_off(till, want, lines, holds)


def show_lines(
    lines: Sequence[Line], currency: str, at: datetime, vouchers: Sequence[ShownVoucher] = ()
) -> ShownBasket:
    """Give priced lines the shape that the sheet reads."""
    amounts = sums(lines, currency)
    return ShownBasket(
        lines=[
            ShownLine(
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
            )
            for line in lines
        ],
        vouchers=list(vouchers),
        list=sum((line.list for line in lines), Money.zero(currency)),
        goods=amounts.goods,
        shipping=amounts.shipping,
        total=amounts.total,
        vat=sum((vat_paid(line) for line in lines), Money.zero(currency)),
        currency=currency,
        now=ms(at),
    )


def as_json(basket: ShownBasket) -> dict[str, Any]:
    """Return the basket as JSON-safe values, for the details of an error."""
    shown: dict[str, Any] = msgspec.to_builtins(basket)
    return shown
