"""Answers to Stripe's disputes: evidence with its files, or closing one as lost."""

import io
from typing import Any

import structlog

from panier.payments.provider import Evidence, ProviderAway, Reply
from panier.payments.stripe import words
from panier.payments.stripe.calls import Refused, ask, once

TEXT_MAX = 20_000
"""Characters that Stripe takes in a text."""
WAITS = ("needs_response", "warning_needs_response")
"""Where Stripe waits for our answer."""
FILES = {"receipt": "receipt", "proof": "uncategorized_file"}
TEXTS = {
    "product": "product_description",
    "buyer": "customer_name",
    "email": "customer_email_address",
    "sent_to": "shipping_address",
    "carrier": "shipping_carrier",
    "tracking": "shipping_tracking_number",
    "sent_on": "shipping_date",
    "took_place_on": "service_date",
    "statement": "uncategorized_text",
}
"""What Stripe calls the texts of Evidence."""

log = structlog.get_logger()


async def answer(v1: Any, wanted: Reply) -> str | None:
    """Answer for good; returns why not. Raises ProviderAway."""
    try:
        known = await ask(v1.disputes.retrieve_async(wanted.reference))
    except Refused as refused:
        if refused.code == "resource_missing":
            return "unknown"
        raise ProviderAway(code=refused.code) from None
    if wanted.evidence is None:
        return await _close(v1, wanted, known)
    # A worker that died may have handed it in: Stripe takes it once.
    if (known.get("metadata") or {}).get("answer") == str(wanted.key):
        return None
    return _obstacle(known) or await _submit(v1, wanted, wanted.evidence)


def _obstacle(known: words.Object) -> str | None:
    details = known.get("evidence_details") or {}
    if details.get("submission_count"):
        return "answered"
    if known["status"] not in WAITS:
        return "decided"
    return "too_late" if details.get("past_due") else None


async def _close(v1: Any, wanted: Reply, known: words.Object) -> str | None:
    if known["status"] == "lost":
        return None
    try:
        closing = v1.disputes.close_async(wanted.reference, {}, once("concede", wanted.key))
        await ask(closing)
    except Refused:
        return "decided"
    return None


async def _submit(v1: Any, wanted: Reply, evidence: Evidence) -> str | None:
    texts = {theirs: getattr(evidence, ours)[:TEXT_MAX] for ours, theirs in TEXTS.items()}
    given = {name: text for name, text in texts.items() if text}
    try:
        # The same file twice does no harm, and is not known to be the same by Stripe.
        for proof in wanted.proofs:
            file = io.BytesIO(proof.body)
            file.name = proof.name
            upload = v1.files.create_async({"file": file, "purpose": "dispute_evidence"})
            given[FILES[proof.what]] = (await ask(upload))["id"]
        params = {"evidence": given, "submit": True, "metadata": {"answer": str(wanted.key)}}
        await ask(v1.disputes.update_async(wanted.reference, params, once("evidence", wanted.key)))
    except Refused as refused:
        log.warning("evidence refused", code=refused.code, param=refused.param)
        return "refused"
    return None
