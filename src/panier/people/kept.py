"""Kept: what a person let us keep for the next purchase, shown and forgotten on one page.

Folders above keep things of their own (payments: a card); the application hands them in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from panier import web
from panier.kit.db import Tx
from panier.kit.i18n import N_, current_language
from panier.people.actions import forget_address
from panier.people.queries import get_saved_address


@dataclass(frozen=True)
class Keepsake:
    """One kind of thing that is kept."""

    name: str
    """In the address of its form."""
    title: str
    nothing: str
    """What the page says when none is kept."""
    forget_label: str
    show: Callable[[Tx, UUID], Awaitable[list[str]]]
    """Its lines, for the person whose it is; empty when none is kept."""
    forget: Callable[[Tx, UUID], Awaitable[None]]


async def _address_lines(tx: Tx, person: UUID) -> list[str]:
    address = await get_saved_address(tx, person)
    if address is None:
        return []
    lines = [address.line1, address.line2, f"{address.postcode} {address.city}"]
    lines.append(web.territory_name(address.country, current_language()))
    return [line for line in lines if line]


ADDRESS = Keepsake(
    name="address",
    title=N_("Address for your next basket"),
    nothing=N_(
        "Nothing is saved. When you buy, you can ask us to keep the address for the next time."
    ),
    forget_label=N_("Forget this address"),
    show=_address_lines,
    forget=forget_address,
)
