"""Reads: payments and saved cards."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.arrays import Uuids
from panier.kit.db import Tx, find, rows
from panier.kit.money import Money
from panier.payments.rules import State

PAYMENT = """id, market, provider, reference, minor, currency, state, decline_reason, action_url,
  token, keep, kept_token, brand, last4, at, changed_at"""


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
    token: str
    keep: bool
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


async def find_payment(tx: Tx, key: UUID) -> Payment | None:
    """Return the payment, if it is ours."""
    return await find(tx, f"select {PAYMENT} from payment where id = %s", (key,), Payment)


async def list_payments(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, Payment]:
    """Return payments by id."""
    sql = f"select {PAYMENT} from payment where id = any(%b)"
    return {p.id: p for p in await rows(tx, sql, (Uuids(keys),), Payment)}


async def find_card(tx: Tx, person: UUID) -> SavedCard | None:
    """Return the card that `person` let us keep."""
    sql = "select provider, token, brand, last4 from saved_card where person_id = %s"
    return await find(tx, sql, (person,), SavedCard)
