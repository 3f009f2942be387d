"""VIES, the EU's service that knows which VAT ids exist: its REST interface, `check-vat-number`.

The address comes from the settings alone and a buyer's id travels in the body, so nothing that is
typed leads anywhere else; redirects are not followed and no more is read than ANSWER_BYTES_MAX.
"""

import asyncio
from typing import Any, NamedTuple

import httpx2
import msgspec
import structlog

from panier.settings import Settings
from panier.taxes.rules import State, VatId, VatIdWrong, read_vat_id

AT_ONCE_MAX = 4
"""Questions under way from one process: member states refuse who asks too much at once."""
ANSWER_BYTES_MAX = 32_768
UNKNOWN = "---"
"""What the service writes where a member state does not tell."""
NOT_KNOWN = {"INVALID", "INVALID_INPUT"}
"""Errors that are an answer: no such id."""

log = structlog.get_logger()
_turns = asyncio.Semaphore(AT_ONCE_MAX)


class Answer(NamedTuple):
    """What the service said; `pending` where it said nothing of the id."""

    state: State
    trouble: str = ""
    """Why it said nothing."""
    consultation: str = ""
    name: str = ""
    address: str = ""
    evidence: dict[str, Any] | None = None


class Told(msgspec.Struct, rename="camel"):
    """The fields of an answer that we read; whatever else comes is kept as evidence."""

    valid: bool | None = None
    country_code: str | None = None
    vat_number: str | None = None
    request_identifier: str | None = None
    name: str | None = None
    address: str | None = None
    user_error: str | None = None
    action_succeed: bool | None = None
    error_wrappers: list[dict[str, Any]] | None = None


async def ask(settings: Settings, vat_id: VatId, seconds: float) -> Answer:
    """Ask whether an id exists; never raises: who does not answer in time leaves it pending."""
    if not settings.vies_url:
        return Answer(State.PENDING, "switched off")
    try:
        async with asyncio.timeout(seconds), _turns:
            answer = _read(*await _post(settings, vat_id, seconds), vat_id)
    except (TimeoutError, httpx2.HTTPError, OSError, VatIdWrong) as error:
        answer = Answer(State.PENDING, type(error).__name__)
    if answer.state == State.PENDING:
        log.warning("VIES gave no answer", country=vat_id.country, why=answer.trouble)
    return answer


async def _post(settings: Settings, vat_id: VatId, seconds: float) -> tuple[int, bytes]:
    question = {"countryCode": vat_id.prefix, "vatNumber": vat_id.number}
    if settings.vies_requester:
        own = read_vat_id(settings.vies_requester, "")
        question |= {"requesterMemberStateCode": own.prefix, "requesterNumber": own.number}
    url = f"{settings.vies_url.rstrip('/')}/check-vat-number"
    got = bytearray()
    async with (
        httpx2.AsyncClient(timeout=seconds, follow_redirects=False) as client,
        client.stream("POST", url, json=question) as answer,
    ):
        async for part in answer.aiter_bytes():
            got += part
            if len(got) > ANSWER_BYTES_MAX:
                raise httpx2.DecodingError("too long an answer")
    return answer.status_code, bytes(got)


def _read(status: int, body: bytes, vat_id: VatId) -> Answer:
    """Read an answer; what is not one, or is about another id, leaves it pending."""
    try:
        evidence = msgspec.json.decode(body, type=dict[str, Any])
        told = msgspec.convert(evidence, Told)
    except msgspec.DecodeError:  # what does not fit is one of these as well
        return Answer(State.PENDING, "not an answer")
    error = _error(told)
    if error in NOT_KNOWN:
        return Answer(State.INVALID, evidence=evidence)
    if error or status != httpx2.codes.OK:
        return Answer(State.PENDING, error or f"HTTP {status}")
    if told.valid is None or (told.country_code, told.vat_number) != (vat_id.prefix, vat_id.number):
        return Answer(State.PENDING, "not an answer to this")
    if not told.valid:
        return Answer(State.INVALID, evidence=evidence)
    return Answer(
        State.VALID,
        consultation=told.request_identifier or "",
        name=_text(told.name),
        address=_text(told.address),
        evidence=evidence,
    )


def _error(told: Told) -> str:
    wrapped = [str(one.get("error", "")) for one in told.error_wrappers or []]
    error = next((text for text in [*wrapped, told.user_error or ""] if text), "")
    if not error and told.action_succeed is False:
        return "no action"
    return "" if error == "VALID" else error[:100]


def _text(given: str | None) -> str:
    """Return a text of the register on one line."""
    text = ", ".join(line.strip() for line in (given or "").splitlines() if line.strip())
    return "" if text == UNKNOWN else text[:300]
