"""A seller's legal data and a company that buys, as tests lay them."""

from datetime import UTC, datetime
from uuid import UUID

from panier import taxes
from panier.kit.db import Tx
from panier.taxes import Business, Trader

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LUMEN = Trader(
    name="Lumen SARL",
    line1="8 rue du Four",
    line2="",
    postcode="69001",
    city="Lyon",
    country="FR",
    vat_number="FR11123456782",
    registration="RCS Lyon 123 456 782",
    email="legal@lumen.example",
)
WEBER = Business(
    company="Weber Licht GmbH",
    vat_id="DE123456788",
    reverse_charge=True,
    check=UUID(int=7),
    consultation="WAPIAAAAZdK5xYz1",
    checked_at=NOON,
)


async def tell_law(tx: Tx, seller: UUID, trader: Trader = LUMEN) -> None:
    await taxes.set_trader(tx, seller, trader, None)
