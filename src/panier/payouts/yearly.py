"""Yearly totals of sellers as platforms report them (EU directive 2021/514, DAC7, annex V).

Consideration is what was credited to the seller, net of fees, commissions and taxes (section I A,
10), per quarter with the number of activities and what was withheld (section III B, 2).
"""

from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows
from panier.kit.money import Money
from panier.payouts.rules import Period
from panier.payouts.spans import find_span

SMALL_SALES, SMALL_MINOR, SMALL_CURRENCY = 30, 200_000, "EUR"
"""Who sold less often than this and for no more than € 2,000 is left out (section I B, 4 d)."""

# Each posting once, with all its entries; what moves a seller's money is of one seller.
TOTALS = """
select s.id as seller, s.name, s.country, %(currency)s as currency, f.quarter,
       count(*) filter (where f.kind = 'sale') as sales, -sum(f.seller)::bigint as consideration,
       -sum(f.fees)::bigint as fees, -sum(f.vat)::bigint as taxes
from (
  select p.kind, extract(quarter from p.at at time zone %(zone)s)::int as quarter,
    max(a.owner) filter (where a.kind = 'seller') as owner,
    coalesce(sum(e.minor) filter (where a.kind = 'seller'), 0)::bigint as seller,
    coalesce(sum(e.minor) filter (where a.kind in ('commission', 'creator')), 0)::bigint as fees,
    coalesce(sum(e.minor) filter (where a.kind = 'vat'), 0)::bigint as vat
  from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
  where p.kind <> 'release' and p.at >= %(start)s and p.at < %(end)s
    and e.posting_id between %(first)s and %(last)s and a.currency = %(currency)s
  group by p.id) f join seller s on s.id::text = f.owner
where s.market = %(market)s group by s.id, f.quarter order by s.name, s.id, f.quarter
"""


class Quarter(msgspec.Struct):
    """What a seller was credited in a quarter; amounts in minor units."""

    seller: UUID
    name: str
    country: str
    currency: str
    quarter: int
    sales: int
    """Orders sold; refunds take from the amounts, not from the count."""
    consideration: int
    """Credited to the seller: after VAT, commission and creators' shares."""
    fees: int
    """Commission and creators' shares."""
    taxes: int
    """VAT."""


class Year(msgspec.Struct):
    """A seller's year."""

    seller: UUID
    name: str
    country: str
    currency: str
    quarters: dict[int, Quarter]

    def sum(self, what: str) -> int:
        """Return the sum of a figure over the quarters."""
        return sum(getattr(quarter, what) for quarter in self.quarters.values())

    def money(self, minor: int) -> Money:
        """Return an amount as money."""
        return Money(minor, self.currency)

    def credited(self, quarter: int) -> Money:
        """Return the consideration of a quarter."""
        found = self.quarters.get(quarter)
        return self.money(found.consideration if found else 0)

    @property
    def small(self) -> bool:
        """Tell whether the seller is left out of the report; known for euros only."""
        return (
            self.currency == SMALL_CURRENCY
            and self.sum("sales") < SMALL_SALES
            and self.sum("consideration") <= SMALL_MINOR
        )


async def list_years(tx: Tx, market: str, currency: str, zone: str, year: Period) -> list[Year]:
    """List the sellers of a market with their totals of a year, by name."""
    span = await find_span(tx, year.start, year.end)
    given = {
        "market": market, "currency": currency, "zone": zone, "start": year.start,
        "end": year.end, "first": span.first, "last": span.last,
    }  # fmt: skip
    years: dict[UUID, Year] = {}
    for found in await rows(tx, TOTALS, given, Quarter):
        fresh = Year(found.seller, found.name, found.country, found.currency, {})
        years.setdefault(found.seller, fresh).quarters[found.quarter] = found
    return list(years.values())
