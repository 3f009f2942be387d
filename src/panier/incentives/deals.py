"""Deals: announced, opened, closed; each step a fact of the room's log, at the server's time.

A deal's times are fixed when it is announced and told with it, so that every page opens and
closes it at the same moment by itself; the facts of opening and closing follow as a record.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg

from panier import catalog, rooms, shows
from panier.incentives.consent import Basis, find_basis
from panier.incentives.deal_rules import Deal, DealOffAir, DealRunning, check_deal, tell_deal
from panier.incentives.pricing import price_deal
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.rooms import Entry

MOVE_MAX = 100
"""Deals that one sweep opens or closes."""

LIST_MAX = 200
"""Deals on one page and in its file."""

DEAL = """
select id, market, show_id, product_id, currency, state, units, taken, buyer_max, opens_at,
       closes_at
from deal
"""


class NewDeal(msgspec.Struct, frozen=True, kw_only=True):
    """What a deal shall be like; prices in minor units by variant, times in seconds."""

    product: UUID
    prices: Mapping[UUID, int]
    countdown: int
    seconds: int
    units: int
    buyer_max: int


async def announce(tx: Tx, show: UUID, wanted: NewDeal, by: UUID | None) -> Deal:
    """Announce prices that open after the countdown, for somebody of the show's crew.

    Raises DealOffAir, DealRunning, NotOnRunSheet, BadInput, DealNotAgreed and, for a price that is
    not below the lowest of the 30 days before it opens, catalog.FalseReduction or NothingToReduce.
    """
    check_deal(wanted.countdown, wanted.seconds, wanted.units, wanted.buyer_max)
    found = await shows.get_show(tx, show)
    if found.state != shows.State.LIVE:
        raise DealOffAir
    opens_at = now() + timedelta(seconds=wanted.countdown)
    closes_at = opens_at + timedelta(seconds=wanted.seconds)
    if await find_running(tx, show) is not None:
        raise DealRunning
    asked, lowest = await price_deal(tx, found, wanted.product, wanted.prices, opens_at)
    product = await catalog.get_product(tx, wanted.product, found.language)
    basis = await find_basis(
        tx, show, product, wanted.prices, units=wanted.units, between=(opens_at, closes_at), by=by
    )
    deal = Deal(
        id=new_id(),
        market=found.market,
        show_id=show,
        product_id=product.id,
        currency=next(iter(asked.values())).currency,
        state="announced",
        units=wanted.units,
        taken=0,
        buyer_max=wanted.buyer_max,
        opens_at=opens_at,
        closes_at=closes_at,
    )
    await _write(tx, deal, basis, by)
    await _write_prices(tx, deal, asked, lowest)
    body = tell_deal(deal, asked, lowest)
    await rooms.append_in(tx, [Entry(show, deal.market, "deal", body)])
    return deal


async def _write(tx: Tx, deal: Deal, basis: Basis, by: UUID | None) -> None:
    try:
        await run(
            tx,
            "insert into deal (id, market, show_id, product_id, currency, state, units,"
            " buyer_max, at, opens_at, closes_at, agreement_id, request_id, announced_by)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                deal.id, deal.market, deal.show_id, deal.product_id, deal.currency, deal.state,
                deal.units, deal.buyer_max, now(), deal.opens_at, deal.closes_at,
                basis.agreement, basis.request, by,
            ),
        )  # fmt: skip
    except psycopg.errors.UniqueViolation:
        raise DealRunning from None


async def _write_prices(
    tx: Tx, deal: Deal, prices: Mapping[UUID, Money], lowest: Mapping[UUID, Money]
) -> None:
    await run(
        tx,
        "insert into deal_price (deal_id, variant_id, minor, was_minor)"
        " select %s, variant, minor, was from unnest(%s::uuid[], %s::bigint[], %s::bigint[])"
        " t(variant, minor, was)",
        (
            deal.id,
            list(prices),
            [price.minor for price in prices.values()],
            [lowest[variant].minor for variant in prices],
        ),
    )
    between = (deal.opens_at, deal.closes_at)
    await catalog.note_spell(tx, deal.id, deal.market, prices, between)


async def find_running(tx: Tx, show: UUID) -> Deal | None:
    """Return the deal of a show that is announced or open, or None."""
    return await find(tx, f"{DEAL} where show_id = %s and state <> 'closed'", (show,), Deal)


class Made(Deal, frozen=True, kw_only=True):
    """A deal as its seller reads of it."""

    seller_id: UUID
    prices: dict[str, int]
    """In minor units, by variant."""
    basis: str
    """agreement, request, or own: by the seller's staff."""

    def price(self, variant: UUID) -> Money | None:
        """Return what a variant cost in it."""
        minor = self.prices.get(str(variant))
        return None if minor is None else Money(minor, self.currency)


async def list_made(tx: Tx, market: str, sellers: Sequence[UUID] | None) -> list[Made]:
    """List the deals with these sellers' products (None: all of the market), the latest first."""
    sql = """
    select d.id, d.market, d.show_id, d.product_id, d.currency, d.state, d.units, d.taken,
           d.buyer_max, d.opens_at, d.closes_at, p.seller_id,
           (select json_object_agg(variant_id, minor) from deal_price where deal_id = d.id)
             as prices,
           case when d.agreement_id is not null then 'agreement'
                when d.request_id is not null then 'request' else 'own' end as basis
    from deal d join product p on p.id = d.product_id
    where d.market = %(market)s
      and (%(sellers)s::uuid[] is null or p.seller_id = any(%(sellers)s))
    order by d.at desc limit %(limit)s
    """
    given = list(sellers) if sellers is not None else None
    return await rows(tx, sql, {"market": market, "sellers": given, "limit": LIST_MAX}, Made)


async def end_deal(tx: Tx, show: UUID) -> None:
    """End what is announced or open in a show; raises NotFound where nothing is."""
    sql = f"{DEAL} where show_id = %s and state <> 'closed' for update"
    deal = await find(tx, sql, (show,), Deal)
    if deal is None:
        raise NotFound
    await _close(tx, deal)


async def _close(tx: Tx, deal: Deal) -> None:
    """Close a locked deal now, or when its time was over."""
    ended = min(now(), deal.closes_at)
    await run(
        tx,
        "update deal set state = 'closed', closes_at = %s where id = %s",
        (ended, deal.id),
    )
    if ended < deal.closes_at:
        await catalog.end_spell(tx, deal.id, ended)
    body = {"deal": str(deal.id), "closes_at": ms(ended)}
    await rooms.append_in(tx, [Entry(deal.show_id, deal.market, "deal_closed", body)])


async def move_deals(cell: Cell) -> int:
    """Open and close deals whose moment has come, and close those with nothing left to give."""

    async def sweep(tx: Tx) -> int:
        moment = now()
        sql = f"""{DEAL} where (state = 'announced' and opens_at <= %(now)s)
          or (state = 'open' and (closes_at <= %(now)s or taken >= units))
        order by id limit %(limit)s for update skip locked"""
        due = await rows(tx, sql, {"now": moment, "limit": MOVE_MAX}, Deal)
        for deal in due:
            if deal.state == "announced":
                await run(tx, "update deal set state = 'open' where id = %s", (deal.id,))
                body = {"deal": str(deal.id)}
                entry = Entry(deal.show_id, deal.market, "deal_opened", body)
                await rooms.append_in(tx, [entry])
            else:
                await _close(tx, deal)
        return len(due)

    return await cell.run(sweep)
