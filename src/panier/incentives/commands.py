"""Commands of the room's socket: the crew's deals."""

from typing import Any
from uuid import UUID

from panier import rooms
from panier.incentives.deals import NewDeal, announce, end_deal
from panier.kit.clock import ms
from panier.kit.db import Tx


class Start(rooms.Args):
    """The arguments of `deal`; prices in minor units, by variant; times in seconds."""

    product: UUID
    prices: dict[UUID, int]
    countdown: int
    seconds: int
    units: int
    buyer_max: int


class Nothing(rooms.Args):
    """No arguments."""


async def start(call: rooms.Call) -> dict[str, Any]:
    """Announce a deal; the fact follows in the log. For the crew."""
    call.check_staff()
    wanted = call.read(Start)
    given = NewDeal(
        product=wanted.product,
        prices=wanted.prices,
        countdown=wanted.countdown,
        seconds=wanted.seconds,
        units=wanted.units,
        buyer_max=wanted.buyer_max,
    )

    async def act(tx: Tx) -> dict[str, Any]:
        deal = await announce(tx, call.show, given, call.person)
        return {"deal": deal.id, "opens_at": ms(deal.opens_at), "closes_at": ms(deal.closes_at)}

    return await call.cell.run(act)


async def end(call: rooms.Call) -> dict[str, Any]:
    """End the deal that is announced or open. For the crew."""
    call.check_staff()
    call.read(Nothing)
    await call.cell.run(lambda tx: end_deal(tx, call.show))
    return {}
