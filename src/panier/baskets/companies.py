"""Who pays the VAT of a basket that a company buys: judged by what lies in it now."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from panier import taxes
from panier.catalog import Offer
from panier.kit.db import Tx
from panier.taxes import Check, From, VatId, Why


class Claim(NamedTuple):
    """A company's VAT id as its buyer gave it."""

    vat_id: VatId
    days: int
    """How old a look-up of it may be."""


class Verdict(NamedTuple):
    """Who pays the VAT, why, and by which look-up."""

    why: Why
    check: Check | None

    @property
    def reverse_charge(self) -> bool:
        """Tell whether the buyer accounts for it."""
        return self.why == Why.REVERSED


async def judge(
    tx: Tx, claim: Claim, to: str, offers: Collection[Offer], moment: datetime
) -> Verdict:
    """Judge what goes to the country `to`; what takes place somewhere is sold within a country."""
    check = await taxes.find_check(tx, claim.vat_id.full, moment, claim.days)
    sellers = await taxes.list_origins(tx, {offer.seller for offer in offers})
    if not all(offer.is_sent for offer in offers):
        sellers.append(From(to, registered=True))
    return Verdict(taxes.decide(check, to, sellers, moment, claim.days), check)
