"""Answers to Stripe's disputes: evidence with its files, or closing one as lost."""

import io
from typing import Any

import structlog

from panier.kit.clock import now
from panier.payments.provider import Evidence, ProviderAway, Reply
from panier.payments.stripe import words
from panier.payments.stripe.calls import Refused, ask, once

FORBIDDEN = 403
TEXT_MAX = 20_000
"""Characters that Stripe takes in a text."""
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
}
"""What Stripe calls texts of Evidence; the others go together."""

log = structlog.get_logger()


async def answer(v1: Any, wanted: Reply) -> str | None:
    """Answer for good; returns why not. Raises ProviderAway."""
    try:
        known = await ask(v1.disputes.retrieve_async(wanted.reference))
        # A worker that died may have handed it in: Stripe takes it once.
        if (known.get("metadata") or {}).get("answer") == str(wanted.key):
            return None
        if wanted.evidence is None:
            return await _close(v1, wanted, known)
        return _obstacle(known) or await _submit(v1, wanted, wanted.evidence)
    except Refused as refused:
        log.warning("dispute not answered", code=refused.code, param=refused.param)
        return "unknown" if refused.code == "resource_missing" else "refused"
    except ProviderAway as away:
        if away.details.get("status") == FORBIDDEN:
            return "not_allowed"
        raise


def _obstacle(known: words.Object) -> str | None:
    """Say why Stripe would not take evidence."""
    details = known.get("evidence_details") or {}
    if known["status"] in ("won", "lost"):
        return "decided"
    if known["status"] != "needs_response" or details.get("submission_count"):
        return "answered"
    due = details.get("due_by")  # 0: there is nothing to be answered to such a dispute
    return "too_late" if due is not None and due < now().timestamp() else None


async def _close(v1: Any, wanted: Reply, known: words.Object) -> str | None:
    if known["status"] == "won":
        return "decided"
    if known["status"] != "lost":
        await ask(v1.disputes.close_async(wanted.reference, {}, once("concede", wanted.key)))
    return None


async def _submit(v1: Any, wanted: Reply, evidence: Evidence) -> str | None:
    texts = {theirs: getattr(evidence, ours) for ours, theirs in TEXTS.items()}
    texts["uncategorized_text"] = "\n\n".join(filter(None, (evidence.statement, evidence.history)))
    given = {name: text[:TEXT_MAX] for name, text in texts.items() if text}
    for proof in wanted.proofs:
        file = io.BytesIO(proof.body)
        file.name = proof.name
        upload = v1.files.create_async({"file": file, "purpose": "dispute_evidence"})
        given[FILES[proof.what]] = (await ask(upload))["id"]
    # Without a key of ours: a second try has other files, and is known by the metadata.
    params = {"evidence": given, "submit": True, "metadata": {"answer": str(wanted.key)}}
    await ask(v1.disputes.update_async(wanted.reference, params))
    return None
