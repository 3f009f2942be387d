"""The one write: postings with their entries and balances."""

from collections.abc import Sequence

from panier.kit.arrays import Bigs, Smalls, Texts, Uuids
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.ledger.rules import Posting, check_posting

# Entries only for postings that are new; each account's balance once a batch, in the order of the
# ids, so that two batches cannot block each other.
POST = """
with booked as (
  insert into posting (id, key, kind, order_id, at)
  select id, key, kind, order_id, %b
  from unnest(%b::uuid[], %b::text[], %b::text[], %b::uuid[]) g(id, key, kind, order_id)
  order by key
  on conflict (key) do nothing
  returning id, key),
lines as (
  insert into entry (posting_id, n, account_id, minor, currency)
  select g.posting_id, g.n, g.account_id, g.minor, g.currency
  from unnest(%b::uuid[], %b::smallint[], %b::uuid[], %b::bigint[], %b::text[])
    g(posting_id, n, account_id, minor, currency)
  join booked on booked.id = g.posting_id
  returning account_id, minor),
balances as (
  insert into account (id, kind, owner, currency, balance_minor, first_at)
  select g.id, g.kind, g.owner, g.currency, l.minor, %b
  from unnest(%b::uuid[], %b::text[], %b::text[], %b::text[]) g(id, kind, owner, currency)
  join (select account_id, sum(minor)::bigint as minor from lines group by account_id) l
    on l.account_id = g.id
  order by g.id
  on conflict (id) do update set balance_minor = account.balance_minor + excluded.balance_minor)
select key from booked
"""


async def post(tx: Tx, postings: Sequence[Posting]) -> set[str]:
    """Book `postings`; returns the keys that were new (a known key is left as it is).

    Raises Unbalanced or MixedCurrencies before anything is written.
    """
    for posting in postings:
        check_posting(posting)
    fresh = {posting.key: posting for posting in reversed(postings)}
    ids, moment = [new_id() for _ in fresh], now()
    lines = [
        (key, n, entry)
        for key, posting in zip(ids, fresh.values(), strict=True)
        for n, entry in enumerate(posting.entries, 1)
    ]
    accounts = {entry.account: entry.account.id for _, _, entry in lines}
    cursor = await tx.execute(
        POST,
        (
            moment,
            Uuids(ids),
            Texts(fresh),
            Texts([p.kind for p in fresh.values()]),
            Uuids([p.order for p in fresh.values()]),
            Uuids([key for key, _, _ in lines]),
            Smalls([n for _, n, _ in lines]),
            Uuids([accounts[entry.account] for _, _, entry in lines]),
            Bigs([entry.minor for _, _, entry in lines]),
            Texts([entry.account.currency for _, _, entry in lines]),
            moment,
            Uuids(accounts.values()),
            Texts([a.kind for a in accounts]),
            Texts([a.owner for a in accounts]),
            Texts([a.currency for a in accounts]),
        ),
    )
    return {row[0] for row in await cursor.fetchall()}
