"""From the checkout to the seller's account: the tables of wiring.py carry it all the way."""

from datetime import timedelta

from panier import events, orders, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.outbox import record
from panier.runtime import Runtime
from panier.wiring import REACTIONS, TIMERS
from tests import buying
from tests.payouts.laid import connect, lay_finance, run_for
from tests.shop import lay_shop


async def tick(runtime: Runtime, cell: Cell, name: str) -> None:
    (timer,) = [timer for timer in TIMERS if timer.name == name]
    await timer.act(runtime, cell)


async def test_a_bought_and_delivered_order_reaches_its_sellers_account(
    cell: Cell, runtime: Runtime
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer)
    wanted = buying.placement(shop, buyer, await buying.card(cell))
    placed, _ = await orders.check_out(cell, runtime.settings, wanted)
    async with cell.tx() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
        arrived = now() - timedelta(days=8)
        await record(
            tx,
            events.OrderDelivered(
                market="FR", order=order.id, seller=shop.seller, at=arrived, assumed=False
            ),
        )
    courier = Courier(cell, REACTIONS)
    await courier.deliver_all()
    await tick(runtime, cell, "release due")
    await connect(cell, runtime.settings, "seller", shop.seller, "late@example.org")
    await run_for(cell, runtime.settings, finance)
    await tick(runtime, cell, "send payouts")
    async with cell.tx() as tx:
        assert await value(tx, "select state from payout") == "sent"
        transfer = await value(tx, "select transfer_key from payout")
        await tx.execute("update sandbox_transfer set state = 'succeeded', settles_at = null")
        await record(
            tx, events.TransferReported(market="FR", transfer=transfer, state="done", reason=None)
        )
    await courier.deliver_all()
    async with cell.read() as tx:
        # 24.90 + 4.90 less 4.97 VAT and 1.25 commission: 23.58, of which 5 % are kept back
        assert await value(tx, "select (state, minor)::text from payout") == "(paid,2240)"
        assert await payouts.check_payouts(tx) == []
    assert await buying.all_adds_up(cell)
