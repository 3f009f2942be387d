"""Pages of finance: a market's disputes, what each is about, and what the bank is told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import payments, people, web
from panier.disputes import seller_pages, wording
from panier.disputes.case import Case, find_case, gather, list_invoices, print_receipt
from panier.disputes.notes import get_file, list_notes
from panier.disputes.queries import FILE, list_cases
from panier.disputes.rules import (
    PROOF_BYTES_MAX,
    SOON_DAYS,
    STATEMENT_MAX,
    NothingToTell,
    days_left,
    proof_kind,
    read_id,
)
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import Answering, Proof
from panier.people import Reader

FINANCE = ("finance",)
"""Who answers banks; an admin may too."""
ANSWERS = "60/hour"
"""Answers that one client gives, and files that it looks at."""
COLUMNS = (
    "dispute", "orders", "opened", "state", "reason", "currency", "minor", "evidence_until",
    "answer", "answered", "closed",
)  # fmt: skip
Shown = Literal["open", "decided"]

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(seller_pages.router)
limited = [Depends(web.limit("dispute_answers", ANSWERS))]


@router.get("/disputes")
async def show_all(
    request: Request, reader: people.ReaderHere, state: Annotated[Shown, Query()] = "open"
) -> Response:
    """List disputes: those that are open, or those that are decided."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        still_open = await list_cases(tx, reader.market.code, still_open=True)
        found = still_open
        if state == "decided":
            found = await list_cases(tx, reader.market.code, still_open=False)
    moment, currency = now(), reader.market.currency
    return web.render(
        request,
        "disputes/list.html",
        found=found,
        state=state,
        waiting=sum(one.waits for one in still_open),
        held=Money(sum(d.minor for d in still_open if d.currency == currency), currency),
        open_count=len(still_open),
        left=lambda one: days_left(one.evidence_until, moment),
        soon=SOON_DAYS,
        reasons=wording.REASONS,
        states=wording.STATES,
        badges=wording.BADGES,
    )


@router.get("/disputes.csv")
async def send_all(reader: people.ReaderHere) -> Response:
    """Send all disputes as a file."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        found = await list_cases(tx, reader.market.code, limit=FILE)
    table = [
        (
            str(d.id), d.numbers, d.at.isoformat(), d.state, d.reason, d.currency, d.minor,
            d.evidence_until.isoformat() if d.evidence_until else "",
            f"conceded {d.answer}" if d.conceded else d.answer or "",
            d.answered_at.isoformat() if d.answered_at else "",
            d.closed_at.isoformat() if d.closed_at else "",
        )
        for d in found
    ]  # fmt: skip
    return web.send_sheet(f"disputes-{reader.market.code}-{now():%Y-%m-%d}.csv", COLUMNS, table)


@router.get("/disputes/{dispute}")
async def show(request: Request, reader: people.ReaderHere, dispute: UUID) -> Response:
    """Show a dispute: what the bank says, what it is told or would be, and how it stands."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        proofs = await payments.list_proofs(tx, dispute) if case.answer else []
        by = await people.find_person(tx, case.answer.person) if case.answer else None
        notes = await list_notes(tx, dispute)
    left = days_left(case.dispute.evidence_until, now())
    late = case.dispute.evidence_until is not None and left is None
    more = {"left": left, "late": late, "proofs": proofs, "by": by, "notes": notes}
    return _page(request, case, more)


def _page(request: Request, case: Case, more: dict[str, Any]) -> Response:
    answer = case.answer
    evidence = answer.evidence if answer else gather(case)
    to_answer = case.dispute.state == "open" and (answer is None or answer.state == "refused")
    return web.render(
        request,
        "disputes/case.html",
        case=case,
        dispute=case.dispute,
        answer=answer,
        # What was not taken may be mended; what is told then is what we know by then.
        evidence=gather(case) if to_answer else evidence,
        to_answer=to_answer,
        texts=wording.TEXTS,
        reasons=wording.REASONS,
        advice=wording.ADVICE,
        states=wording.STATES,
        badges=wording.BADGES,
        untaken=wording.UNTAKEN,
        longest=STATEMENT_MAX,
        soon=SOON_DAYS,
        key=new_id(),
        **more,
    )


@router.get("/disputes/{dispute}/receipt", dependencies=limited)
async def show_receipt(reader: people.ReaderHere, dispute: UUID) -> Response:
    """Send the invoices that the bank gets, as one PDF: as it got them, once it did."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        kept = await payments.list_proofs(tx, dispute)
        documents = await list_invoices(tx, case)
    receipt = next((proof for proof in kept if proof.what == "receipt"), None)
    if receipt is None:
        receipt = await print_receipt(documents)
    if receipt is None:
        raise NotFound
    return _send(receipt)


@router.get("/disputes/{dispute}/proof", dependencies=limited)
async def show_proof(reader: people.ReaderHere, dispute: UUID) -> Response:
    """Send the file that finance added."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        await payments.find_dispute(tx, dispute, reader.market.code)
        return _send(await payments.get_proof(tx, dispute, "proof"))


@router.get("/disputes/{dispute}/from/{seller}", dependencies=limited)
async def show_sellers_file(reader: people.ReaderHere, dispute: UUID, seller: UUID) -> Response:
    """Send the file that a seller gave."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        await payments.find_dispute(tx, dispute, reader.market.code)
        return _send(await get_file(tx, dispute, seller))


@router.post("/disputes/{dispute}/evidence", dependencies=limited)
async def hand_in(request: Request, reader: people.ReaderHere, dispute: UUID) -> Response:
    """Freeze what the bank is told, and have it sent."""
    person = people.require(reader, *FINANCE)
    async with request.form() as form:
        words = web.read_text(form, "statement", STATEMENT_MAX)
        file = await web.read_file(form, "proof", PROOF_BYTES_MAX)
        key, theirs = web.read_key(form), str(form.get("theirs", ""))
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        documents = await list_invoices(tx, case)
        proof = await get_file(tx, dispute, read_id(theirs)) if theirs and not file else None
    receipt = await print_receipt(documents)
    if file is not None:
        ending, kind = proof_kind(file)
        proof = Proof("proof", f"proof.{ending}", kind, file)
    proofs = [each for each in (receipt, proof) if each is not None]
    if not words and not case.stories:
        raise NothingToTell(field="statement")
    wanted = Answering(key, person.id, gather(case, words), tuple(proofs))
    market = reader.market.code
    await reader.cell.run(lambda tx: payments.answer_dispute(tx, dispute, market, wanted))
    return _to(reader, dispute)


@router.post("/disputes/{dispute}/concede", dependencies=limited)
async def concede(
    reader: people.ReaderHere, dispute: UUID, key: Annotated[UUID, Form()]
) -> Response:
    """Give in: the buyer keeps the money."""
    person = people.require(reader, *FINANCE)
    wanted, market = Answering(key, person.id, None), reader.market.code
    await reader.cell.run(lambda tx: payments.answer_dispute(tx, dispute, market, wanted))
    return _to(reader, dispute)


def _send(proof: Proof) -> Response:
    return web.send_file(proof.name, proof.media_type, proof.body)


def _to(reader: Reader, dispute: UUID) -> Response:
    return RedirectResponse(f"{reader.market.path}disputes/{dispute}", 303)
