"""A lost dispute after the money was released, or paid out, is taken back from whoever has it."""

from uuid import UUID

import pytest

from panier import ledger, payments, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.delivery import Courier
from panier.payments import sandbox
from panier.payments.disputes import settle_dispute
from panier.payments.provider import DisputeNews
from panier.reports import reconcile
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests.payouts.laid import (
    AVAILABLE,
    FREE,
    balances,
    connect,
    deliver,
    euros,
    lay_finance,
    run_for,
    sell,
)
from tests.shop import Shop, lay_shop


async def lose(cell: Cell, order: UUID, minor: int) -> None:
    """Let a buyer's bank take `minor` cents for good, at the provider too."""
    async with cell.tx() as tx:
        intent = f"pi_{order.hex}"
        dispute = await sandbox.open_dispute(tx, intent, "fraudulent")
        await tx.execute("update sandbox_dispute set minor = %s", (minor,))
        await sandbox.decide(tx, dispute.id, won=False)
        news = DisputeNews(dispute.id, intent, euros(minor), "fraudulent", "lost")
        await settle_dispute(tx, "sandbox", news)
    await Courier(cell, REACTIONS).deliver_all()
    assert await reconcile(cell) == []


async def stand(tx: Tx, kind: str, owner: str) -> int:
    return (await ledger.get_balance(tx, ledger.Account(kind, owner, "EUR"))).minor


async def lay(cell: Cell, settings: Settings) -> tuple[Shop, UUID]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        # As it is once paid and delivered.
        await tx.execute("update orders set state = 'delivered'")
        await deliver(tx, order)
    return shop, order


async def test_half_of_it_takes_half_of_every_part_back(cell: Cell, settings: Settings) -> None:
    shop, order = await lay(cell, settings)
    await payouts.release_due(cell, settings, AVAILABLE)
    await lose(cell, order, 1595)
    async with cell.read() as tx:
        # 15.95 + 1.50 subsidy - 2.91 VAT - 0.75 commission - 1.50 share: the seller loses 12.29
        assert sum((await balances(tx, shop))[:3]) == 2458 - 1229
        assert (await balances(tx, shop))[3:] == (0, 150)
        assert await stand(tx, "subsidy", "FR") == 150
        assert await stand(tx, "vat", "FR") == -291
        assert await stand(tx, "commission", "FR") == -75
        assert await stand(tx, "clearing", "sandbox") == 1595
        assert await stand(tx, "dispute", "FR") == 0
        assert await stand(tx, "loss", "FR") == 0


@pytest.mark.parametrize("when", ["released", "paid out"])
async def test_who_had_the_money_owes_it(cell: Cell, settings: Settings, when: str) -> None:
    shop, order = await lay(cell, settings)
    await payouts.release_due(cell, settings, FREE)
    if when == "paid out":
        async with cell.tx() as tx:
            finance = await lay_finance(tx)
        await connect(cell, settings, "seller", shop.seller)
        await run_for(cell, settings, finance)
        await payouts.send_payouts(cell, settings, now())
        async with cell.read() as tx:
            assert await value(tx, "select (state, minor)::text from payout") == "(paid,2458)"
    await lose(cell, order, 3190)
    async with cell.read() as tx:
        due = -2458 if when == "paid out" else 0
        assert await balances(tx, shop) == (0, due, 0, 0, 0)
        for kind in ("subsidy", "vat", "commission", "dispute", "loss"):
            assert await stand(tx, kind, "FR") == 0
        assert [d.state for d in await payments.list_disputes(tx, await payment_of(tx))] == ["lost"]


async def payment_of(tx: Tx) -> UUID:
    found: UUID = await value(tx, "select id from payment")
    return found
