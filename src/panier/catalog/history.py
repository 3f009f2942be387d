"""What variants cost over time, and the prior price that a reduction is measured by.

Whoever announces a reduction in the European Union names the lowest price of the 30 days before
it began (Directive 98/6/EC, article 6a). Prices for a while, such as a deal's, count like others.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier.catalog.rules import Texts, pick
from panier.kit.db import Tx, rows, run
from panier.kit.money import Money

PRIOR = timedelta(days=30)
"""How far back the prior price is looked for."""
HISTORY_MAX = 1000
"""Prices of one variant on its page and in its file."""
LIST_MAX = 500
"""Variants on the page of prices."""

LOWEST = """
select a.variant_id, p.currency, min(p.minor)
from unnest(%(variants)s::uuid[]) a(variant_id) cross join lateral (
  select currency, minor from price where variant_id = a.variant_id and market = %(market)s
    and valid_from < %(at)s and valid_from > %(since)s
  union all
  (select currency, minor from price where variant_id = a.variant_id and market = %(market)s
     and valid_from <= %(since)s order by valid_from desc limit 1)
  union all
  select currency, minor from price_spell where variant_id = a.variant_id
    and market = %(market)s and valid_from < %(at)s and valid_until > %(since)s) p
group by a.variant_id, p.currency
"""
HISTORY = """
select h.valid_from, h.valid_until, h.currency, h.minor, h.was_minor, h.passing from (
  select valid_from, lead(valid_from) over (order by valid_from) as valid_until, currency, minor,
         was_minor, false as passing
  from price where variant_id = %(variant)s and market = %(market)s
  union all
  select valid_from, valid_until, currency, minor, null, true
  from price_spell where variant_id = %(variant)s and market = %(market)s) h
order by h.valid_from desc, h.passing desc limit %(limit)s
"""
PRICED = """
select v.id as variant, p.seller_id as seller, s.name as seller_name, p.title,
       v.title as variant_title, v.sku, m.languages[1] as first_language, price.currency,
       price.minor, price.was_minor, price.valid_from as since
from variant v join product p on p.id = v.product_id join seller s on s.id = p.seller_id
join market m on m.code = p.market
join lateral (
  select currency, minor, was_minor, valid_from from price
  where variant_id = v.id and market = p.market and valid_from <= %(at)s
  order by valid_from desc limit 1) price on true
where p.market = %(market)s and (%(sellers)s::uuid[] is null or p.seller_id = any(%(sellers)s))
  and (%(variant)s::uuid is null or v.id = %(variant)s)
  and (%(variant)s::uuid is not null or not exists (
    select 1 from slot t where t.variant_id = v.id
      and (t.closes_at <= %(at)s or t.cancelled_at is not null)))
order by s.name, p.slug, v.position, v.id limit %(limit)s
"""


class Spell(msgspec.Struct, frozen=True):
    """What a variant cost from one moment to another (None: still)."""

    valid_from: datetime
    valid_until: datetime | None
    currency: str
    minor: int
    was_minor: int | None
    """The prior price it was announced with."""
    passing: bool
    """A deal's price; the lasting one came back after it."""

    @property
    def price(self) -> Money:
        """Return the price, VAT included."""
        return Money(self.minor, self.currency)

    @property
    def was(self) -> Money | None:
        """Return the prior price it was announced with."""
        return Money(self.was_minor, self.currency) if self.was_minor is not None else None


class Priced(msgspec.Struct, frozen=True):
    """A variant with what it costs now."""

    variant: UUID
    seller: UUID
    seller_name: str
    title: Texts
    variant_title: Texts
    sku: str
    first_language: str
    currency: str
    minor: int
    was_minor: int | None
    since: datetime

    @property
    def price(self) -> Money:
        """Return the price, VAT included."""
        return Money(self.minor, self.currency)

    @property
    def was(self) -> Money | None:
        """Return the prior price it is announced with."""
        return Money(self.was_minor, self.currency) if self.was_minor is not None else None

    def name(self, language: str) -> str:
        """Return what it is called in `language`, else in the market's first."""
        languages = (language, self.first_language)
        parts = (pick(self.title, *languages), pick(self.variant_title, *languages))
        return " · ".join(part for part in parts if part)


async def lowest_prior_prices(
    tx: Tx, market: str, variants: Iterable[UUID], at: datetime
) -> dict[UUID, Money]:
    """Return the lowest price of each variant in the 30 days before `at`.

    A variant that had no price before is left out: it has nothing to be reduced from.
    """
    asked = {
        "market": market,
        "variants": list(variants),
        "at": at,
        "since": at - PRIOR,
    }
    cursor = await tx.execute(LOWEST, asked)
    return {variant: Money(minor, currency) for variant, currency, minor in await cursor.fetchall()}


async def note_spell(
    tx: Tx,
    source: UUID,
    market: str,
    prices: Mapping[UUID, Money],
    between: tuple[datetime, datetime],
) -> None:
    """Keep in the history that variants cost something else for a while, by `source`."""
    await run(
        tx,
        "insert into price_spell (source, variant_id, market, currency, minor, valid_from,"
        " valid_until) select %s, variant, %s, currency, minor, %s, %s"
        " from unnest(%s::uuid[], %s::text[], %s::bigint[]) t(variant, currency, minor)",
        (
            source,
            market,
            *between,
            list(prices),
            [price.currency for price in prices.values()],
            [price.minor for price in prices.values()],
        ),
    )


async def end_spell(tx: Tx, source: UUID, at: datetime) -> None:
    """Let what `source` made end at `at`; what would only have begun then never was."""
    await run(tx, "delete from price_spell where source = %s and valid_from >= %s", (source, at))
    await run(
        tx,
        "update price_spell set valid_until = %(at)s where source = %(source)s"
        " and valid_until > %(at)s",
        {"at": at, "source": source},
    )


async def list_history(tx: Tx, market: str, variant: UUID) -> list[Spell]:
    """List what a variant cost, the latest first, deals included."""
    asked = {"variant": variant, "market": market, "limit": HISTORY_MAX}
    return await rows(tx, HISTORY, asked, Spell)


async def list_priced(
    tx: Tx,
    market: str,
    sellers: Sequence[UUID] | None,
    at: datetime,
    variant: UUID | None = None,
) -> list[Priced]:
    """List the variants of these sellers (None: all of the market) with their prices."""
    asked = {
        "market": market,
        "sellers": list(sellers) if sellers is not None else None,
        "at": at,
        "variant": variant,
        "limit": LIST_MAX,
    }
    return await rows(tx, PRICED, asked, Priced)
