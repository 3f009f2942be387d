"""A company that buys: its VAT id looked up as it is typed, and judged as its basket is placed."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from panier import baskets, rooms, stock, taxes
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.i18n import N_, translate
from panier.orders.addresses import check_text
from panier.orders.frozen import Placement
from panier.orders.pricing import Prices
from panier.settings import Settings
from panier.taxes import Business, State

UNCHECKED = "unchecked"
"""Ids of this country are not in the EU's register."""
WORDS = {
    State.VALID: N_("This VAT id is valid."),
    State.INVALID: N_("The EU’s register does not know this id as valid: please check it."),
    State.PENDING: N_("The EU’s register does not answer now; we go on asking it."),
    UNCHECKED: N_("This id stands on your invoice; VAT is charged as of everybody."),
}


class Company(rooms.Args, kw_only=True):
    """The company for which somebody buys."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    vat_id: Annotated[str, msgspec.Meta(max_length=taxes.VAT_ID_MAX)] = ""


class Typed(rooms.Args, kw_only=True):
    """A VAT id as it was typed, and where the goods go."""

    vat_id: Annotated[str, msgspec.Meta(max_length=taxes.VAT_ID_MAX)]
    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]


def read_company(
    given: Company, country: str, settings: Settings
) -> tuple[Business, baskets.Claim | None]:
    """Read what a buyer told of their company; raises BadInput or VatIdWrong."""
    name = check_text(given.name, "company", taxes.COMPANY_MAX)
    if not given.vat_id.strip():
        return Business(name, ""), None
    vat_id = taxes.read_vat_id(given.vat_id, country)
    return Business(name, vat_id.full), baskets.Claim(vat_id, settings.vat_check_days)


async def judge_company(
    tx: Tx, p: Placement, prices: Prices, holds: Sequence[stock.Hold]
) -> Placement:
    """Return a placement with who pays the VAT, and by which look-up, if a company buys."""
    if p.claim is None or p.business is None:
        return p
    offers = prices.offers[p.market.code, p.language]
    mine = [offers[hold.variant] for hold in holds if hold.variant in offers]
    verdict = await baskets.judge(tx, p.claim, p.address.country, mine, prices.moment)
    if verdict.check is None or not verdict.reverse_charge:
        return p
    business = msgspec.structs.replace(
        p.business,
        reverse_charge=True,
        check=verdict.check.id,
        consultation=verdict.check.consultation,
        checked_at=verdict.check.checked_at,
    )
    return msgspec.structs.replace(p, business=business)


async def look_up(cell: Cell, settings: Settings, typed: Typed, language: str) -> dict[str, Any]:
    """Say what the register knows of an id that is being typed; raises VatIdWrong."""
    vat_id = taxes.read_vat_id(typed.vat_id, typed.country)
    found = await taxes.check(cell, settings, vat_id)
    pending = State.PENDING.value if taxes.can_be_checked(vat_id) else UNCHECKED
    state = found.state if found else pending
    return {
        "vat_id": vat_id.full,
        "state": state,
        "name": found.name if found else "",
        "message": translate(language, WORDS[state]),
    }
