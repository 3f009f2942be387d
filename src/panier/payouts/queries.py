"""Reads: who may have how much, runs, payouts."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from panier import ledger
from panier.kit.db import Tx, find, rows
from panier.kit.money import Money
from panier.payouts.rules import State

LIST_MAX = 500
"""Rows of one list."""
BALANCES_MAX = 10_000
"""Sellers and creators of a market that one run looks at."""
TAKEN = (State.APPROVED.value, State.SENT.value, State.PAID.value, State.FAILED.value)
"""States of payouts whose amount has left the balance."""


class Balance(msgspec.Struct):
    """What somebody has in a market; amounts in minor units, below zero: they owe us."""

    kind: str
    party: UUID
    name: str
    currency: str
    pending_minor: int
    reserve_minor: int
    due_minor: int
    """What the market's next run may pay."""

    @property
    def owner(self) -> ledger.Party:
        """Return whose it is, for the books."""
        return ledger.Party(self.kind, self.party, self.currency)

    @property
    def pending(self) -> Money:
        """Return what is owed and not yet due."""
        return Money(self.pending_minor, self.currency)

    @property
    def reserve(self) -> Money:
        """Return what is kept back."""
        return Money(self.reserve_minor, self.currency)

    @property
    def due(self) -> Money:
        """Return what may be paid out now."""
        return Money(self.due_minor, self.currency)


# A seller's accounts belong to one market. A creator's are one a currency, whichever markets it
# was earned in: each market's run pays what became due there, and never more than stands there.
# Shares are earned by hosting: listed is who hosted in the market, or has something due there.
BALANCES = """
select 'seller' as kind, s.id as party, s.name, %(currency)s as currency,
       -coalesce(o.balance_minor, 0) as pending_minor,
       -coalesce(r.balance_minor, 0) as reserve_minor, -coalesce(d.balance_minor, 0) as due_minor
from seller s
left join account o on o.kind = 'seller' and o.owner = s.id::text and o.currency = %(currency)s
left join account r on r.kind = 'reserve' and r.owner = s.id::text and r.currency = %(currency)s
left join account d on d.kind = 'seller_due' and d.owner = s.id::text
  and d.currency = %(currency)s
where s.market = %(market)s and (o.id is not null or d.id is not null)
  and (%(party)s::uuid is null or s.id = %(party)s)
union all
select 'creator', p.id, p.name, %(currency)s, -coalesce(o.balance_minor, 0), 0,
  least(-coalesce(d.balance_minor, 0),
    (select coalesce(sum(m.released_minor), 0) from maturity m
     where m.kind = 'creator' and m.party = p.id and m.currency = %(currency)s
       and m.market = %(market)s)
    - (select coalesce(sum(x.minor), 0) from payout x
       where x.kind = 'creator' and x.party = p.id and x.currency = %(currency)s
         and x.market = %(market)s and x.state = any(%(taken)s)))::bigint
from account o join person p on p.id = o.owner::uuid
left join account d on d.kind = 'creator_due' and d.owner = o.owner and d.currency = o.currency
where o.kind = 'creator' and o.currency = %(currency)s
  and (%(party)s::uuid is null or p.id = %(party)s)
  and (%(party)s::uuid is not null
       or exists (select 1 from show w where w.host_id = p.id and w.market = %(market)s)
       or exists (select 1 from maturity m where m.kind = 'creator' and m.party = p.id
                  and m.market = %(market)s))
order by kind desc, name, party limit %(limit)s
"""


async def list_balances(
    tx: Tx, market: str, currency: str, party: UUID | None = None
) -> list[Balance]:
    """List what the sellers and creators of a market have (or one), sellers first, by name."""
    given = {
        "market": market,
        "currency": currency,
        "party": party,
        "taken": list(TAKEN),
        "limit": BALANCES_MAX,
    }
    return await rows(tx, BALANCES, given, Balance)


async def find_balance(
    tx: Tx, market: str, currency: str, kind: str, party: UUID
) -> Balance | None:
    """Return what a seller or creator has in a market, if anything was ever booked for them."""
    found = await list_balances(tx, market, currency, party)
    return next((balance for balance in found if balance.kind == kind), None)


class Coming(msgspec.Struct):
    """What becomes due on a day."""

    day: date
    orders: int
    minor: int
    """Owed for orders that were delivered."""
    reserve_minor: int
    """Kept back until then."""
    currency: str

    @property
    def in_orders(self) -> Money:
        """Return what is owed for orders that were delivered."""
        return Money(self.minor, self.currency)

    @property
    def in_reserve(self) -> Money:
        """Return what was kept back until then."""
        return Money(self.reserve_minor, self.currency)

    @property
    def amount(self) -> Money:
        """Return all of it."""
        return Money(self.minor + self.reserve_minor, self.currency)


COMING = """
select day, count(*) filter (where not kept) as orders,
       coalesce(sum(minor) filter (where not kept), 0)::bigint as minor,
       coalesce(sum(minor) filter (where kept), 0)::bigint as reserve_minor,
       %(currency)s as currency
from (
  select (m.available_at at time zone %(zone)s)::date as day, false as kept,
    (select -coalesce(sum(e.minor), 0) from posting p join entry e on e.posting_id = p.id
     where p.order_id = m.order_id and e.account_id = %(account)s) as minor
  from maturity m
  where m.kind = %(kind)s and m.party = %(party)s and m.currency = %(currency)s
    and m.market = %(market)s and m.released_at is null and m.available_at is not null
  union all
  select (m.reserve_until at time zone %(zone)s)::date, true, m.reserve_minor from maturity m
  where m.kind = %(kind)s and m.party = %(party)s and m.currency = %(currency)s
    and m.market = %(market)s and m.reserve_minor > 0) c
group by day order by day limit %(limit)s
"""


async def list_coming(tx: Tx, market: str, zone: str, owner: ledger.Party) -> list[Coming]:
    """List what becomes due to somebody on which day of the time zone `zone`."""
    given = {
        "market": market, "zone": zone, "kind": owner.kind, "party": owner.id,
        "currency": owner.currency, "account": owner.owed.id, "limit": LIST_MAX,
    }  # fmt: skip
    return await rows(tx, COMING, given, Coming)


class Run(msgspec.Struct):
    """A payout run: who gets how much at once."""

    id: UUID
    market: str
    currency: str
    state: str
    minimum_minor: int
    created_by: UUID
    maker: str
    at: datetime
    decided_by: UUID | None
    decider: str | None
    decided_at: datetime | None
    payouts: int
    minor: int
    paid: int
    failed: int

    @property
    def total(self) -> Money:
        """Return what all its payouts come to."""
        return Money(self.minor, self.currency)

    @property
    def minimum(self) -> Money:
        """Return the smallest balance it pays."""
        return Money(self.minimum_minor, self.currency)


RUN = """
select r.id, r.market, r.currency, r.state, r.minimum_minor, r.created_by,
       coalesce(m.name, '') as maker, r.at, r.decided_by, d.name as decider, r.decided_at,
       f.payouts, f.minor, f.paid, f.failed
from payout_run r left join person m on m.id = r.created_by
left join person d on d.id = r.decided_by
cross join lateral (
  select count(*) as payouts, coalesce(sum(minor), 0)::bigint as minor,
         count(*) filter (where state = 'paid') as paid,
         count(*) filter (where state = 'failed'
           or state = 'approved' and next_try_at is null) as failed
  from payout where run_id = r.id and (state <> 'dropped' or r.state = 'dropped')) f
"""


async def find_run(tx: Tx, run: UUID) -> Run | None:
    """Return a run, if there is such a one."""
    return await find(tx, RUN + " where r.id = %s", (run,), Run)


async def list_runs(tx: Tx, market: str, limit: int = 100) -> list[Run]:
    """List a market's runs, the latest first."""
    sql = RUN + " where r.market = %s order by r.id desc limit %s"
    return await rows(tx, sql, (market, limit), Run)


class Payout(msgspec.Struct):
    """What one of a run's parties gets."""

    id: UUID
    run: UUID
    kind: str
    party: UUID
    name: str
    market: str
    currency: str
    minor: int
    state: State
    provider: str | None
    transfer_key: UUID | None
    reference: str | None
    reason: str | None
    attempts: int
    next_try_at: datetime | None
    at: datetime
    changed_at: datetime

    @property
    def owner(self) -> ledger.Party:
        """Return whose it is, for the books."""
        return ledger.Party(self.kind, self.party, self.currency)

    @property
    def amount(self) -> Money:
        """Return how much it is."""
        return Money(self.minor, self.currency)

    @property
    def unanswered(self) -> bool:
        """Tell whether the provider was asked too often without an answer."""
        return self.state == State.APPROVED and self.next_try_at is None


PAYOUT = """
select x.id, x.run_id as run, x.kind, x.party, coalesce(s.name, p.name, '') as name, x.market,
       x.currency, x.minor, x.state, x.provider, x.transfer_key, x.reference, x.reason,
       x.attempts, x.next_try_at, x.at, x.changed_at
from payout x left join seller s on x.kind = 'seller' and s.id = x.party
left join person p on x.kind = 'creator' and p.id = x.party
"""


async def list_payouts(tx: Tx, run: UUID) -> list[Payout]:
    """List a run's payouts, sellers first, by name."""
    sql = PAYOUT + " where x.run_id = %s order by x.kind desc, name, x.party"
    return await rows(tx, sql, (run,), Payout)


async def list_payouts_of(tx: Tx, kind: str, party: UUID, limit: int = 100) -> list[Payout]:
    """List what somebody was paid or is being paid, the latest first."""
    sql = PAYOUT + (
        " where x.party = %s and x.kind = %s and x.state not in ('draft', 'dropped')"
        " order by x.id desc limit %s"
    )
    return await rows(tx, sql, (party, kind, limit), Payout)


async def find_payout(tx: Tx, payout: UUID) -> Payout | None:
    """Return a payout, if there is such a one."""
    return await find(tx, PAYOUT + " where x.id = %s", (payout,), Payout)


async def lock_payouts(tx: Tx, payouts: Sequence[UUID]) -> list[Payout]:
    """Read payouts that nobody else moves until this transaction ends."""
    sql = PAYOUT + " where x.id = any(%b) order by x.id for update of x"
    return await rows(tx, sql, (list(payouts),), Payout)
