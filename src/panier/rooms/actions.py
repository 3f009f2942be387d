"""Commands of the socket that the crew runs its show with."""

from typing import Any
from uuid import UUID

from panier import shows
from panier.rooms.calls import Args, Call


class Pin(Args):
    """The arguments of `pin`."""

    product: UUID


class Nothing(Args):
    """No arguments."""


async def pin(call: Call) -> dict[str, Any]:
    """Put a product on the picture; the fact follows in the log. For the crew.

    Raises Forbidden, NotOnAir, NotOnRunSheet.
    """
    call.check_staff()
    product = call.read(Pin).product
    await call.cell.run(lambda tx: shows.pin(tx, call.show, product))
    return {"product": product}


async def unpin(call: Call) -> dict[str, Any]:
    """Take off what is on the picture; the fact follows in the log. For the crew."""
    call.check_staff()
    call.read(Nothing)
    await call.cell.run(lambda tx: shows.unpin(tx, call.show))
    return {}
