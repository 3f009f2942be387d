"""Reads: payments and saved cards."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.arrays import Uuids
from panier.kit.db import Tx, find, rows, value
from panier.kit.money import Money
from panier.payments.rules import State

PAYMENT = """id, market, provider, reference, minor, currency, state, decline_reason, action_url,
  action_secret, token, keep, person_id as person, kept_token, brand, last4, at, changed_at"""


class Payment(msgspec.Struct):
    """A payment as we know it."""

    id: UUID
    market: str
    provider: str
    reference: str | None
    minor: int
    currency: str
    state: State
    decline_reason: str | None
    action_url: str | None
    action_secret: str | None
    token: str
    keep: bool
    person: UUID | None
    kept_token: str | None
    brand: str | None
    last4: str | None
    at: datetime
    changed_at: datetime

    @property
    def amount(self) -> Money:
        """Return what the buyer pays."""
        return Money(self.minor, self.currency)


class SavedCard(msgspec.Struct):
    """A card that a person let us keep: the provider's name for it and what to show."""

    provider: str
    token: str
    brand: str
    last4: str
    """Empty where there are none to show: an account that a provider keeps."""


async def find_payment(tx: Tx, key: UUID) -> Payment | None:
    """Return the payment, if it is ours."""
    return await find(tx, f"select {PAYMENT} from payment where id = %s", (key,), Payment)


async def list_payments(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, Payment]:
    """Return payments by id."""
    sql = f"select {PAYMENT} from payment where id = any(%b)"
    return {p.id: p for p in await rows(tx, sql, (Uuids(keys),), Payment)}


async def find_customer(tx: Tx, person: UUID, provider: str) -> str | None:
    """Return a provider's name for somebody whose cards it keeps."""
    sql = "select reference from payment_customer where person_id = %s and provider = %s"
    found: str | None = await value(tx, sql, (person, provider))
    return found


async def find_card(tx: Tx, person: UUID, provider: str | None = None) -> SavedCard | None:
    """Return the card that `person` let us keep, only if `provider` keeps it where one is named."""
    sql = """select provider, token, brand, last4 from saved_card
             where person_id = %s and provider = coalesce(%s, provider)"""
    return await find(tx, sql, (person, provider), SavedCard)
