"""What sellers tell of a disputed sale: words and a file, until the bank is answered."""

from datetime import datetime
from uuid import UUID

import msgspec

from panier import payments
from panier.disputes.rules import is_to_answer, proof_kind
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import NotFound
from panier.payments import Answered, Decided, Proof

# A file that was given stays where only the words change.
PUT = """
insert into dispute_note (dispute_id, seller_id, person_id, words, name, media_type, body, at)
values (%(dispute)s, %(seller)s, %(person)s, %(words)s, %(name)s, %(kind)s, %(body)s, %(at)s)
on conflict (dispute_id, seller_id) do update set person_id = excluded.person_id,
  words = excluded.words, at = excluded.at, name = coalesce(excluded.name, dispute_note.name),
  media_type = coalesce(excluded.media_type, dispute_note.media_type),
  body = coalesce(excluded.body, dispute_note.body)
"""
LIST = """
select n.seller_id as seller, s.name as seller_name, n.words, n.name, n.at
from dispute_note n join seller s on s.id = n.seller_id
where n.dispute_id = %s order by s.name, s.id
"""


class SellerNote(msgspec.Struct):
    """What a seller told."""

    seller: UUID
    seller_name: str
    words: str
    name: str | None
    """Of the file; empty: there is none."""
    at: datetime


class Telling(msgspec.Struct, frozen=True):
    """What somebody wants to tell for a seller."""

    seller: UUID
    person: UUID
    words: str
    file: bytes | None = None


async def tell(tx: Tx, dispute: UUID, market: str, told: Telling) -> None:
    """Keep what a seller tells, in the place of what they told before.

    Raises NotFound, Answered, Decided, BadProof.
    """
    case = await payments.lock_dispute(tx, dispute, market)
    answer = await payments.find_answer(tx, dispute)
    if case.state != "open":
        raise Decided
    if not is_to_answer(case, answer):
        raise Answered
    ending, kind = proof_kind(told.file) if told.file else (None, None)
    await run(
        tx,
        PUT,
        {
            "dispute": dispute, "seller": told.seller, "person": told.person, "words": told.words,
            "name": ending and f"proof.{ending}", "kind": kind, "body": told.file, "at": now(),
        },
    )  # fmt: skip


async def list_notes(tx: Tx, dispute: UUID) -> list[SellerNote]:
    """List what sellers told."""
    return await rows(tx, LIST, (dispute,), SellerNote)


async def get_file(tx: Tx, dispute: UUID, seller: UUID) -> Proof:
    """Return a seller's file; raises NotFound."""
    sql = """select 'proof' as what, name, media_type, body from dispute_note
             where dispute_id = %s and seller_id = %s and body is not null"""
    found = await find(tx, sql, (dispute, seller), Proof)
    if found is None:
        raise NotFound
    return found
