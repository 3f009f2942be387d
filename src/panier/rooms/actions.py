"""Commands of the socket for the show's crew: what the studio's buttons do without a request."""

from typing import Any
from uuid import UUID

from panier import shows
from panier.rooms.calls import Args, Call


class Pin(Args):
    """The arguments of `pin`."""

    product: UUID


async def pin(call: Call) -> dict[str, Any]:
    """Put a product on the picture; the room hears of it as a numbered fact."""
    call.check_staff()
    product = call.read(Pin).product
    await call.cell.run(lambda tx: shows.pin(tx, call.show, product))
    return {"product": str(product)}


async def unpin(call: Call) -> dict[str, Any]:
    """Take off what is on the picture."""
    call.check_staff()
    call.read(Args)
    await call.cell.run(lambda tx: shows.unpin(tx, call.show))
    return {}
