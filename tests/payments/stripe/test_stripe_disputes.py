"""How Stripe is answered in a dispute: evidence with its files, once, or giving in."""

from typing import Any
from uuid import UUID

import pytest

from panier import payments
from panier.kit.cells import Cell
from panier.payments import Evidence, Proof
from panier.payments.provider import Reply
from panier.payments.stripe import Stripe
from tests.payments.stripe import played
from tests.payments.stripe.played import Stage, dispute, error

# The SDK hands httpx its body in the older of two ways.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")

PROOFS = (
    Proof("receipt", "FR-2026-1.pdf", "application/pdf", b"%PDF-1.7 receipt"),
    Proof("proof", "proof.png", "image/png", b"\x89PNG signed"),
)
TOLD = Reply(
    UUID(int=9),
    "du_1",
    Evidence(
        product="2 × candle", buyer="Anna Martin", email="anna@example.org", carrier="Colissimo",
        sent_to="8 quai de la Gare\n75013 Paris", tracking="6A1", statement="She signed for it.",
        history="Paid on 20 November 2026.",
    ),
    PROOFS,
)  # fmt: skip
GIVING_IN = Reply(UUID(int=9), "du_1", None)


async def test_files_are_uploaded_and_texts_submitted_for_good(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(
        dispute(), played.file("file_1"), played.file("file_2"), dispute("under_review")
    )
    assert await stripe.answer_dispute(cell, TOLD) is None
    assert stage.what == [
        "GET /v1/disputes/du_1",
        "POST /v1/files",
        "POST /v1/files",
        "POST /v1/disputes/du_1",
    ]
    upload = stage.asked[1].given["upload"]
    assert 'filename="FR-2026-1.pdf"' in upload
    assert "dispute_evidence" in upload
    assert "%PDF-1.7 receipt" in upload
    assert stage.asked[3].given == {
        "evidence[product_description]": "2 × candle",
        "evidence[customer_name]": "Anna Martin",
        "evidence[customer_email_address]": "anna@example.org",
        "evidence[shipping_address]": "8 quai de la Gare\n75013 Paris",
        "evidence[shipping_carrier]": "Colissimo",
        "evidence[shipping_tracking_number]": "6A1",
        "evidence[uncategorized_text]": "She signed for it.\n\nPaid on 20 November 2026.",
        "evidence[receipt]": "file_1",
        "evidence[uncategorized_file]": "file_2",
        "submit": "true",
        "metadata[answer]": "00000000-0000-0000-0000-000000000009",
    }


async def test_what_was_handed_in_before_a_crash_is_not_handed_in_again(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    details = {"has_evidence": True, "past_due": False, "submission_count": 1}
    ours = {"answer": str(TOLD.key)}
    stage.will_answer(dispute("under_review", evidence_details=details, metadata=ours))
    assert await stripe.answer_dispute(cell, TOLD) is None
    assert stage.what == ["GET /v1/disputes/du_1"]


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (dispute("won"), "decided"),
        (dispute("under_review", evidence_details={"submission_count": 1}), "answered"),
        (dispute(evidence_details={"submission_count": 0, "due_by": 1500000000}), "too_late"),
        (dispute(evidence_details={"submission_count": 0, "due_by": 0}), "too_late"),
        ((404, error("invalid_request_error", "resource_missing")), "unknown"),
    ],
)
async def test_what_stripe_no_longer_takes_is_not_sent(
    cell: Cell, stripe: Stripe, stage: Stage, *, known: Any, reason: str
) -> None:
    stage.will_answer(known)
    assert await stripe.answer_dispute(cell, TOLD) == reason
    assert stage.what == ["GET /v1/disputes/du_1"]


async def test_a_file_that_stripe_refuses_refuses_the_answer(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(dispute(), (400, error("invalid_request_error", "file_too_large")))
    assert await stripe.answer_dispute(cell, TOLD) == "refused"


async def test_who_gives_in_closes_the_dispute_once(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(dispute(), dispute("lost"), dispute("lost"))
    assert await stripe.answer_dispute(cell, GIVING_IN) is None
    assert await stripe.answer_dispute(cell, GIVING_IN) is None
    assert stage.what == [
        "GET /v1/disputes/du_1",
        "POST /v1/disputes/du_1/close",
        "GET /v1/disputes/du_1",
    ]


async def test_a_key_that_may_not_is_told_so(cell: Cell, stripe: Stripe, stage: Stage) -> None:
    stage.will_answer((403, error("invalid_request_error", "more_permissions_required_for_key")))
    assert await stripe.answer_dispute(cell, TOLD) == "not_allowed"


async def test_what_broke_in_the_middle_is_begun_anew(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(
        dispute(), played.file("file_1"), played.file("file_2"), (500, error("api_error", "x"))
    )
    with pytest.raises(payments.ProviderAway):
        await stripe.answer_dispute(cell, TOLD)
    stage.will_answer(
        dispute(), played.file("file_3"), played.file("file_4"), dispute("under_review")
    )
    assert await stripe.answer_dispute(cell, TOLD) is None
    first, second = (stage.asked[n] for n in (3, 7))
    assert second.given["evidence[receipt]"] == "file_3"
    # The same key with other files would be refused for a day.
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


async def test_a_stripe_that_is_away_is_asked_again_later(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(dispute(), (500, error("api_error", "lock_timeout")))
    with pytest.raises(payments.ProviderAway):
        await stripe.answer_dispute(cell, TOLD)
