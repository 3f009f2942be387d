"""What we answer in a dispute: asked for by finance, frozen, sent by a worker, told by an event.

Between any two steps the process may die. What it leaves is an answer that was not sent, or was and
is not noted; a worker gives it again, and the provider takes it once.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from panier import events
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import Conflict, NotFound, PanierError
from panier.kit.outbox import record
from panier.payments.actions import LOOK_SECONDS_MAX
from panier.payments.adapters import provider_of
from panier.payments.disputes import lock_dispute
from panier.payments.provider import Evidence, Proof, Reply
from panier.settings import Settings

BATCH_MAX = 20
"""Answers that a worker sends in one go, claimed one by one."""
LEASE_SECONDS = 300
"""So long an answer is one worker's, files and second tries and all; then it is due again."""

ANSWER = """dispute_id as dispute, key, state, reason, person_id as person, evidence as told, at,
  changed_at"""
# Only what was not taken may be answered anew.
ASK = """
insert into dispute_answer (dispute_id, key, state, person_id, evidence, at, changed_at, look_at)
values (%(dispute)s, %(key)s, 'asked', %(person)s, %(evidence)s, %(at)s, %(at)s, %(at)s)
on conflict (dispute_id) do update set key = excluded.key, state = 'asked', reason = null,
  person_id = excluded.person_id, evidence = excluded.evidence, at = excluded.at,
  changed_at = excluded.at, look_at = excluded.at, looks = 0
where dispute_answer.state = 'refused'
"""
CLAIM = """
update dispute_answer a set looks = least(a.looks + 1, 1000),
  look_at = %(now)s + least(%(max)s, %(seconds)s * 2 ^ least(a.looks, 10)) * interval '1 s'
from dispute d, payment p
where d.id = a.dispute_id and p.id = d.payment_id and a.dispute_id in (
  select dispute_id from dispute_answer where look_at <= %(now)s order by look_at limit 1
  for update skip locked)
returning a.dispute_id as dispute, a.key, a.evidence as told, p.id as payment, p.market, p.provider,
  d.reference
"""
NOTE = """
update dispute_answer set state = %s, reason = %s, changed_at = %s, look_at = null
where dispute_id = %s and key = %s and state = 'asked'
"""

log = structlog.get_logger()


class Answered(Conflict):
    """This dispute has been answered: banks listen once."""

    code = "answered"


class Decided(Conflict):
    """The buyer’s bank has decided this dispute: there is nothing left to answer."""

    code = "decided"


class TooLate(Conflict):
    """The buyer’s bank takes no more evidence in this dispute."""

    code = "too_late"


class Answering(msgspec.Struct, frozen=True):
    """What somebody wants answered; the same `key` is one answer."""

    key: UUID
    person: UUID
    evidence: Evidence | None
    """None: we give in."""
    proofs: tuple[Proof, ...] = ()


class DisputeAnswer(msgspec.Struct):
    """What we answered, as it was frozen."""

    dispute: UUID
    key: UUID
    state: Literal["asked", "taken", "refused"]
    reason: str | None
    person: UUID
    told: dict[str, Any] | None
    at: datetime
    changed_at: datetime

    @property
    def evidence(self) -> Evidence | None:
        """Return what the bank is told; None: we gave in."""
        return None if self.told is None else msgspec.convert(self.told, Evidence)


class Due(msgspec.Struct):
    """An answer that is to be sent."""

    dispute: UUID
    key: UUID
    told: dict[str, Any] | None
    payment: UUID
    market: str
    provider: str
    reference: str


async def answer_dispute(tx: Tx, dispute: UUID, market: str, wanted: Answering) -> None:
    """Answer a market's dispute; a worker sends it.

    Raises NotFound, Answered, Decided, TooLate.
    """
    # Whoever answers at the same moment waits here, and finds the other's answer.
    case, known = await lock_dispute(tx, dispute, market), await find_answer(tx, dispute)
    if known is not None and known.key == wanted.key:
        return
    if case.state != "open":
        raise Decided
    if wanted.evidence and case.evidence_until is not None and case.evidence_until < now():
        raise TooLate
    told = Jsonb(msgspec.to_builtins(wanted.evidence)) if wanted.evidence else None
    given = {
        "dispute": dispute, "key": wanted.key, "person": wanted.person, "evidence": told,
        "at": now(),
    }  # fmt: skip
    if not await run(tx, ASK, given):
        raise Answered
    await tx.execute("delete from dispute_document where dispute_id = %s", (dispute,))
    for proof in wanted.proofs:
        await run(
            tx,
            "insert into dispute_document (dispute_id, what, name, media_type, body)"
            " values (%s, %s, %s, %s, %s)",
            (dispute, proof.what, proof.name, proof.media_type, proof.body),
        )


async def find_answer(tx: Tx, dispute: UUID) -> DisputeAnswer | None:
    """Return what was answered to a dispute, if anything was."""
    sql = f"select {ANSWER} from dispute_answer where dispute_id = %s"
    return await find(tx, sql, (dispute,), DisputeAnswer)


async def list_proofs(tx: Tx, dispute: UUID) -> list[Proof]:
    """List the files that went, or go, with an answer."""
    sql = """select what, name, media_type, body from dispute_document where dispute_id = %s
             order by what desc"""
    return await rows(tx, sql, (dispute,), Proof)


async def get_proof(tx: Tx, dispute: UUID, what: str) -> Proof:
    """Return one of them; raises NotFound."""
    found = next((proof for proof in await list_proofs(tx, dispute) if proof.what == what), None)
    if found is None:
        raise NotFound
    return found


async def send_answers(cell: Cell, settings: Settings) -> int:
    """Hand the provider the answers that are due; returns how many were handed over.

    Several workers may do this at once: an answer is one worker's for a while.
    """
    for sent in range(BATCH_MAX):
        given = {"now": now(), "seconds": LEASE_SECONDS, "max": LOOK_SECONDS_MAX}
        async with cell.tx() as tx:
            due = await find(tx, CLAIM, given, Due)
        if due is None:
            return sent
        try:
            await _send(cell, settings, due)
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - one that fails holds up no other
            told = error.details if isinstance(error, PanierError) else repr(error)[:500]
            log.warning("answer not handed in", dispute=str(due.dispute), error=told)
    return BATCH_MAX


async def _send(cell: Cell, settings: Settings, due: Due) -> None:
    async with cell.read() as tx:
        proofs = await list_proofs(tx, due.dispute)
    evidence = None if due.told is None else msgspec.convert(due.told, Evidence)
    reply = Reply(due.key, due.reference, evidence, tuple(proofs))
    reason = await provider_of(settings, due.provider).answer_dispute(cell, reply)
    await cell.run(lambda tx: _note(tx, due, reason))


async def _note(tx: Tx, due: Due, reason: str | None) -> None:
    state = "taken" if reason is None else "refused"
    if await run(tx, NOTE, (state, reason, now(), due.dispute, due.key)):
        await record(
            tx,
            events.DisputeAnswered(
                market=due.market, dispute=due.dispute, payment=due.payment, reason=reason
            ),
        )
