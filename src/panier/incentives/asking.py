"""Asking a seller for a deal beyond what they agreed to: asked, answered once, or too late."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from panier import catalog, events, shows
from panier.incentives.deal_rules import UNITS, DealOffAir, RequestDecided
from panier.incentives.pricing import price_deal
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.kit.outbox import record

ANSWER_MINUTES = 15
"""So long a seller can answer."""
LIST_MAX = 100
"""Requests on one page."""

REQUEST = """
select r.id, r.market, r.seller_id, r.show_id, r.product_id, r.currency, r.units,
       case when r.state = 'asked' and r.expires_at <= %(now)s then 'expired' else r.state end
         as state,
       r.asked_by, r.at, r.expires_at, r.decided_at,
       (select json_object_agg(variant_id, minor) from deal_request_price
        where request_id = r.id) as prices,
       exists (select 1 from deal d where d.request_id = r.id) as used
from deal_request r
"""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a host asks a seller for."""

    id: UUID
    market: str
    seller_id: UUID
    show_id: UUID
    product_id: UUID
    currency: str
    units: int
    state: str
    """asked, withdrawn, agreed, refused, or expired: nobody answered in time."""
    asked_by: UUID
    at: datetime
    expires_at: datetime
    decided_at: datetime | None
    prices: dict[str, int]
    """In minor units, by variant."""
    used: bool
    """The deal was made."""

    def price(self, variant: UUID) -> Money | None:
        """Return what is asked for a variant."""
        minor = self.prices.get(str(variant))
        return None if minor is None else Money(minor, self.currency)

    def covers(self, prices: Mapping[UUID, int], units: int) -> bool:
        """Tell whether a deal asks no more than this did."""
        return units <= self.units and all(
            minor >= self.prices.get(str(variant), minor + 1) for variant, minor in prices.items()
        )


async def ask(
    tx: Tx, show: UUID, product: UUID, prices: Mapping[UUID, int], *, units: int, by: UUID
) -> Request:
    """Ask a product's seller for a deal; what was asked for it in this show before is taken back.

    Raises DealOffAir, NotOnRunSheet, BadInput, FalseReduction, NothingToReduce.
    """
    if units not in UNITS:
        reason = _("a number from %(least)s to %(most)s", least=UNITS[0], most=UNITS[-1])
        raise BadInput(field="units", reason=reason)
    found = await shows.get_show_unmoved(tx, show)
    if found.state not in shows.OPEN:
        raise DealOffAir
    moment, key = now(), new_id()
    asked, _lowest = await price_deal(tx, found, product, prices, moment)
    seller = (await catalog.get_product(tx, product, "en")).seller.id
    await run(
        tx,
        "update deal_request set state = 'withdrawn' where show_id = %s and product_id = %s"
        " and state = 'asked'",
        (show, product),
    )
    currency = next(iter(asked.values())).currency
    await _write(tx, key, (found.market, seller, show, product, currency, units, by, moment))
    await run(
        tx,
        "insert into deal_request_price select %s, * from unnest(%s::uuid[], %s::bigint[])",
        (key, list(asked), [price.minor for price in asked.values()]),
    )
    await record(tx, events.DealAsked(market=found.market, request=key, seller=seller, show=show))
    return await get_request(tx, key)


async def _write(tx: Tx, key: UUID, row: tuple[object, ...]) -> None:
    *_given, moment = row
    until = moment + timedelta(minutes=ANSWER_MINUTES) if isinstance(moment, datetime) else None
    try:
        await run(
            tx,
            "insert into deal_request (id, market, seller_id, show_id, product_id, currency,"
            " units, state, asked_by, at, expires_at) values (%s, %s, %s, %s, %s, %s, %s,"
            " 'asked', %s, %s, %s)",
            (key, *row, until),
        )
    except psycopg.errors.UniqueViolation:
        # Somebody of the crew asks for the same product at this moment.
        raise RequestDecided from None


async def decide(tx: Tx, request: UUID, by: UUID, *, agree: bool) -> None:
    """Agree or refuse, once and in time; raises RequestDecided. The same answer twice is once."""
    moment, state = now(), "agreed" if agree else "refused"
    if await run(
        tx,
        "update deal_request set state = %s, decided_by = %s, decided_at = %s"
        " where id = %s and state = 'asked' and expires_at > %s",
        (state, by, moment, request, moment),
    ):
        return
    if (await get_request(tx, request)).state != state:
        raise RequestDecided


async def get_request(tx: Tx, request: UUID) -> Request:
    """Return what was asked; raises NotFound."""
    asked = {"now": now(), "id": request}
    found = await find(tx, REQUEST + " where r.id = %(id)s", asked, Request)
    if found is None:
        raise NotFound
    return found


async def list_requests(tx: Tx, market: str, sellers: Sequence[UUID] | None) -> list[Request]:
    """List what hosts asked these sellers (None: all of the market), the latest first."""
    sql = REQUEST + (
        " where r.market = %(market)s and r.state <> 'withdrawn'"
        " and (%(sellers)s::uuid[] is null or r.seller_id = any(%(sellers)s))"
        " order by r.at desc limit %(limit)s"
    )
    given = list(sellers) if sellers is not None else None
    asked = {"now": now(), "market": market, "sellers": given, "limit": LIST_MAX}
    return await rows(tx, sql, asked, Request)


async def list_requests_of_show(tx: Tx, show: UUID) -> list[Request]:
    """List the last request for each product of a show that was neither used nor taken back."""
    sql = f"""
    select * from (select distinct on (q.product_id) q.* from ({REQUEST}
      where r.show_id = %(show)s and r.state <> 'withdrawn') q
      order by q.product_id, q.at desc) last where not used
    """
    return await rows(tx, sql, {"now": now(), "show": show}, Request)


async def lock_agreed(tx: Tx, show: UUID, product: UUID) -> list[Request]:
    """Return the requests that were agreed to and not used, for a deal of this transaction."""
    await tx.execute(
        "select id from deal_request where show_id = %s and product_id = %s"
        " and state = 'agreed' order by id for update",
        (show, product),
    )
    sql = REQUEST + (
        " where r.show_id = %(show)s and r.product_id = %(product)s and r.state = 'agreed'"
        " order by r.at desc"
    )
    asked = {"now": now(), "show": show, "product": product}
    return [request for request in await rows(tx, sql, asked, Request) if not request.used]
