"""Writes after the payment: one order locked, and moved along its table of states."""

from datetime import datetime
from uuid import UUID

from panier.kit.db import Tx, run
from panier.kit.errors import NotFound
from panier.orders.queries import Order, find_order
from panier.orders.rules import State, check_move


async def lock_order(tx: Tx, order: UUID) -> Order:
    """Lock an order until the end of the transaction; raises NotFound.

    Whatever changes an order after its payment locks it first, and stock after it.
    """
    if not await run(tx, "select 1 from orders where id = %s for update", (order,)):
        raise NotFound
    found = await find_order(tx, order)
    if found is None:
        raise NotFound
    return found


async def move_order(
    tx: Tx, order: Order, state: State, moment: datetime, person: UUID | None = None
) -> None:
    """Move a locked order and note the step; `person` did it, None: its buyer or the clock.

    Raises ValueError for a move that is not in the table.
    """
    check_move(State(order.state), state)
    await run(tx, "update orders set state = %s where id = %s", (state.value, order.id))
    await run(
        tx,
        "insert into order_step (order_id, state, person_id, at) values (%s, %s, %s, %s)",
        (order.id, state.value, person, moment),
    )
    order.state = state.value
