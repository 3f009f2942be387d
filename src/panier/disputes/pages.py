"""Pages of finance: a market's disputes, what each is about, and what the bank is told."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from panier import payments, people, web
from panier.disputes import seller_pages, wording
from panier.disputes.case import Case, find_case, gather, list_invoices, print_receipt, seal
from panier.disputes.notes import get_file, list_notes
from panier.disputes.queries import FILE, PAGE, list_cases, sum_open
from panier.disputes.rules import (
    PROOF_BYTES_MAX,
    SOON_DAYS,
    STATEMENT_MAX,
    BadProof,
    Changed,
    NothingToTell,
    days_left,
    proof_kind,
    read_id,
)
from panier.kit.clock import now
from panier.kit.errors import NotFound, PanierError, TooLarge
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import Answering, Evidence, Proof
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
        sums = await sum_open(tx, reader.market.code)
        found = await list_cases(tx, reader.market.code, still_open=state == "open")
    moment = now()
    return web.render(
        request,
        "disputes/list.html",
        found=found,
        state=state,
        waiting=sum(one.waiting for one in sums),
        held=[one.amount for one in sums] or [Money.zero(reader.market.currency)],
        open_count=sum(one.disputes for one in sums),
        cut=len(found) == PAGE,
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
    return await _page(request, reader, dispute)


async def _page(
    request: Request,
    reader: Reader,
    dispute: UUID,
    form: web.Filled[str] | None = None,
    status: int = 200,
) -> Response:
    """Show a case; `form` holds the words that somebody gave, and what is wrong with the rest."""
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        proofs = await payments.list_proofs(tx, dispute) if case.answer else []
        by = await people.find_person(tx, case.answer.person) if case.answer else None
        notes = await list_notes(tx, dispute)
    until = case.dispute.evidence_until
    left = days_left(until, now())
    # What was not taken may be mended; what is told then is what we know by then.
    evidence = gather(case) if case.to_answer or not case.answer else case.answer.evidence
    return web.render(
        request,
        "disputes/case.html",
        status,
        case=case,
        dispute=case.dispute,
        answer=case.answer,
        evidence=evidence,
        seen=seal(evidence) if evidence else "",
        form=form or web.Filled(_begin(case, [note.words for note in notes])),
        left=left,
        late=until is not None and left is None,
        proofs=proofs,
        by=by,
        notes=notes,
        texts=wording.TEXTS,
        reasons=wording.REASONS,
        advice=wording.ADVICE,
        states=wording.STATES,
        badges=wording.BADGES,
        untaken=wording.UNTAKEN,
        longest=STATEMENT_MAX,
        soon=SOON_DAYS,
        key=new_id(),
    )


def _begin(case: Case, notes: list[str]) -> str:
    """Return the words to begin with: those that were not taken, or what sellers told."""
    refused = case.answer.evidence if case.answer and case.to_answer else None
    words = refused.statement if refused else "\n\n".join(filter(None, notes))
    return words[:STATEMENT_MAX]


@router.get("/disputes/{dispute}/receipt", dependencies=limited)
async def show_receipt(reader: people.ReaderHere, dispute: UUID) -> Response:
    """Send the invoices that the bank gets, as one PDF: as it got them, once it did."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        kept = await payments.list_proofs(tx, dispute)
        documents = await list_invoices(tx, case)
    receipt = next((proof for proof in kept if proof.what == "receipt"), None)
    if receipt is None or case.to_answer:
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
    """Freeze what the bank is told, as it was read, and have it sent."""
    person = people.require(reader, *FINANCE)
    async with request.form() as form:
        words = web.read_text(form, "statement", STATEMENT_MAX)
        key, seen, theirs = (
            web.read_key(form),
            *(str(form.get(n, "")) for n in ("seen", "theirs")),
        )
        try:
            proof = await _read_proof(form)
        except (BadProof, TooLarge) as error:
            filled = web.Filled(words, {"proof": error.message()})
            return await _page(request, reader, dispute, filled, error.status)
    async with reader.cell.read() as tx:
        case = await find_case(tx, reader.market, dispute)
        if case.answer is not None and case.answer.key == key:
            return _to(reader, dispute)  # pressed twice
        documents = await list_invoices(tx, case)
        if proof is None and theirs:
            proof = await get_file(tx, dispute, read_id(theirs))
    evidence = gather(case)
    wrong = _find_wrong(case, evidence, seen, words)
    if wrong is not None:
        filled = web.Filled(words, {"statement": wrong.message()})
        return await _page(request, reader, dispute, filled, wrong.status)
    proofs = [each for each in (await print_receipt(documents), proof) if each is not None]
    told = msgspec.structs.replace(evidence, statement=words)
    wanted, market = Answering(key, person.id, told, tuple(proofs)), reader.market.code
    await reader.cell.run(lambda tx: payments.answer_dispute(tx, dispute, market, wanted))
    return _to(reader, dispute)


async def _read_proof(form: FormData) -> Proof | None:
    file = await web.read_file(form, "proof", PROOF_BYTES_MAX)
    if file is None:
        return None
    ending, kind = proof_kind(file)
    return Proof("proof", f"proof.{ending}", kind, file)


def _find_wrong(case: Case, evidence: Evidence, seen: str, words: str) -> PanierError | None:
    """Say why this is not handed in as it is."""
    if not words and not case.sold:
        return NothingToTell()
    return Changed() if case.to_answer and seen != seal(evidence) else None


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
