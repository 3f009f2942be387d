"""Writes on our side of a payment; the providers' side is behind the port (provider.py)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from panier.kit.arrays import Bigs, Bools, Moments, Texts, Uuids
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.money import Money
from panier.payments.provider import Answer
from panier.payments.queries import PAYMENT, Payment
from panier.payments.rules import TRANSITIONS, USELESS

LOOK_SECONDS = 30
"""How long the process that began a payment has to finish it before a worker looks."""
LOOK_SECONDS_MAX = 900
"""The longest wait between two looks of a worker."""

CREATE = """
insert into payment (id, market, provider, minor, currency, state, token, keep, person_id, at,
                     changed_at, look_at)
select id, market, provider, minor, currency, 'created', token, keep, person, %b, %b, %b
from unnest(%b::uuid[], %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::bool[],
            %b::uuid[])
  g(id, market, provider, minor, currency, token, keep, person)
"""
MOVE = """
update payment p set state = m.state, changed_at = %b, look_at = m.look_at, looks = 0,
  refunded_minor = case m.state when 'refunding' then p.minor else p.refunded_minor end,
  reference = coalesce(m.reference, p.reference), decline_reason = m.reason,
  action_url = m.action_url, action_secret = m.action_secret,
  kept_token = coalesce(m.kept_token, p.kept_token),
  brand = coalesce(m.brand, p.brand), last4 = coalesce(m.last4, p.last4)
from unnest(%b::uuid[], %b::text[], %b::timestamptz[], %b::text[], %b::text[], %b::text[],
            %b::text[], %b::text[], %b::text[], %b::text[])
  m(id, state, look_at, reference, reason, action_url, action_secret, kept_token, brand, last4)
where p.id = m.id
  and (p.state, m.state) in (select * from unnest(%b::text[], %b::text[]))
returning p.id
"""
ALLOWED = [(a.value, b.value) for a, following in TRANSITIONS.items() for b in following]


class NewPayment(msgspec.Struct, frozen=True):
    """A payment that is about to be asked for."""

    id: UUID
    market: str
    amount: Money
    token: str
    keep: bool
    provider: str
    person: UUID | None = None
    """Whose card it is, where they asked us to keep it."""


async def create(tx: Tx, payments: Sequence[NewPayment]) -> None:
    """Write payments before any provider hears of them; a worker looks after those left over."""
    moment = now()
    await run(
        tx,
        CREATE,
        (
            moment,
            moment,
            moment + timedelta(seconds=LOOK_SECONDS),
            Uuids([p.id for p in payments]),
            Texts([p.market for p in payments]),
            Texts([p.provider for p in payments]),
            Bigs([p.amount.minor for p in payments]),
            Texts([p.amount.currency for p in payments]),
            Texts([p.token for p in payments]),
            Bools([p.keep for p in payments]),
            Uuids([p.person for p in payments]),
        ),
    )


async def move(tx: Tx, answers: Sequence[Answer]) -> set[UUID]:
    """Move payments on; returns those that moved, leaving out what is late or heard before."""
    cursor = await tx.execute(
        MOVE,
        (
            now(),
            Uuids([a.payment for a in answers]),
            Texts([a.state.value for a in answers]),
            Moments([a.look_at for a in answers]),
            Texts([a.reference for a in answers]),
            Texts([a.reason for a in answers]),
            Texts([a.action_url for a in answers]),
            Texts([a.action_secret for a in answers]),
            Texts([a.kept_token for a in answers]),
            Texts([a.brand for a in answers]),
            Texts([a.last4 for a in answers]),
            Texts([before for before, _ in ALLOWED]),
            Texts([after for _, after in ALLOWED]),
        ),
    )
    return {row[0] for row in await cursor.fetchall()}


async def claim_looks(tx: Tx, limit: int) -> list[Payment]:
    """Take payments that nobody finished; each is this worker's for at least LOOK_SECONDS."""
    sql = f"""
    update payment p set looks = least(looks + 1, 1000),
      look_at = %(now)s + least(%(max)s, %(seconds)s * 2 ^ least(looks, 10)) * interval '1 s'
    where id in (select id from payment where look_at <= %(now)s order by look_at
                 limit %(limit)s for update skip locked)
    returning {PAYMENT}
    """
    given = {"now": now(), "seconds": LOOK_SECONDS, "max": LOOK_SECONDS_MAX, "limit": limit}
    return await rows(tx, sql, given, Payment)


async def look_soon(tx: Tx, provider: str, key: UUID) -> bool:
    """Have a worker ask how a payment stands that waits; false when it waits for nothing."""
    moved = await run(
        tx,
        "update payment set look_at = %s"
        " where id = %s and provider = %s and state in ('action', 'pending')",
        (now(), key, provider),
    )
    return moved == 1


async def keep_card(tx: Tx, person: UUID, payment: Payment) -> None:
    """Keep the card that paid, for `person`'s next purchase; their consent is the caller's.

    The card that was kept before is forgotten, by its provider too.
    """
    await run(
        tx,
        """
        insert into card_to_forget (provider, token, at, look_at)
        select provider, token, %(now)s, %(now)s from saved_card
        where person_id = %(person)s and (provider, token) <> (%(provider)s, %(token)s)
        on conflict do nothing
        """,
        {
            "person": person, "provider": payment.provider, "token": payment.kept_token,
            "now": now(),
        },
    )  # fmt: skip
    await run(
        tx,
        """
        insert into saved_card (person_id, provider, token, brand, last4, at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (person_id) do update set provider = excluded.provider,
          token = excluded.token, brand = excluded.brand, last4 = excluded.last4, at = excluded.at
        """,
        (person, payment.provider, payment.kept_token, payment.brand, payment.last4, now()),
    )


async def forget_card(tx: Tx, person: UUID) -> None:
    """Forget a person's card; a worker sees to it that the provider forgets it too."""
    moment = now()
    await run(
        tx,
        """
        with gone as (delete from saved_card where person_id = %s returning provider, token)
        insert into card_to_forget (provider, token, at, look_at)
        select provider, token, %s, %s from gone on conflict do nothing
        """,
        (person, moment, moment),
    )


async def forget_useless(tx: Tx, declined: Sequence[tuple[UUID, Payment]]) -> None:
    """Forget the kept cards of buyers whose payment was declined with one that is of no use."""
    useless = [(who, p) for who, p in declined if p.decline_reason in USELESS]
    if not useless:
        return
    moment = now()
    await run(
        tx,
        """
        with gone as (
          delete from saved_card s
          using unnest(%s::uuid[], %s::text[], %s::text[]) t(person, provider, token)
          where (s.person_id, s.provider, s.token) = (t.person, t.provider, t.token)
          returning s.provider, s.token)
        insert into card_to_forget (provider, token, at, look_at)
        select provider, token, %s, %s from gone on conflict do nothing
        """,
        (
            [who for who, _ in useless],
            [p.provider for _, p in useless],
            [p.token for _, p in useless],
            moment,
            moment,
        ),
    )


async def claim_cards_to_forget(tx: Tx, limit: int) -> list[tuple[str, str]]:
    """Take cards that a provider has to forget: its name and the card's."""
    cursor = await tx.execute(
        """
        update card_to_forget set looks = least(looks + 1, 1000),
          look_at = %(now)s + least(%(max)s, %(seconds)s * 2 ^ least(looks, 10)) * interval '1 s'
        where (provider, token) in (select provider, token from card_to_forget
          where look_at <= %(now)s order by look_at limit %(limit)s for update skip locked)
        returning provider, token
        """,
        {"now": now(), "seconds": LOOK_SECONDS, "max": LOOK_SECONDS_MAX, "limit": limit},
    )
    return [(str(provider), str(token)) for provider, token in await cursor.fetchall()]
