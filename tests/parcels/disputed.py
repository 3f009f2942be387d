"""Sales that a buyer's bank disputes, and what the books say of them."""

from uuid import UUID

import httpx2
from fastapi import FastAPI

from panier import ledger, orders, parcels, payments
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.parcels import Ask, Reason, Wanted
from panier.payments import sandbox
from panier.payments.disputes import settle_dispute
from panier.payments.provider import DisputeNews
from panier.payments.rules import Behaviour
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying, paying
from tests.parcels import sold as laid
from tests.parcels.sold import Sold


async def sell_disputed(cell: Cell, settings: Settings) -> Sold:
    """Sell for 84.67, paid with the test card that is disputed."""
    return await laid.sell(cell, settings, Behaviour.DISPUTED)


async def hear(cell: Cell, settings: Settings, app: FastAPI) -> None:
    """Let all be due, be told by webhook, and be taken in; whatever comes, all adds up."""
    async with cell.tx() as tx:
        await paying.hasten(tx)
    assert await buying.all_adds_up(cell)  # the bank has decided, we have not heard
    await payments.deliver_webhooks(cell, settings, httpx2.ASGITransport(app=app))
    assert await buying.all_adds_up(cell)  # we have heard, nothing is booked
    await Courier(cell, REACTIONS).deliver_all()
    assert await buying.all_adds_up(cell)


async def decide(cell: Cell, settings: Settings, app: FastAPI, *, won: bool) -> None:
    """Let the buyer's bank decide the only dispute, and hear of it."""
    async with cell.tx() as tx:
        name = await value(tx, "select id from sandbox_dispute")
        await sandbox.decide(tx, str(name), won=won)
    await hear(cell, settings, app)


async def books(cell: Cell, sold: Sold) -> dict[str, int]:
    """Return what the books say, in cents, of banks and losses too."""
    async with cell.read() as tx:
        return await laid.balances(cell, sold) | {
            kind: (await ledger.get_balance(tx, ledger.Account(kind, "FR", "EUR"))).minor
            for kind in ("dispute", "loss")
        }


async def goodwill(cell: Cell, sold: Sold, wanted: Wanted) -> UUID:
    ask = Ask(new_id(), Reason.GOODWILL, wanted)
    assert await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
    return ask.key


NOTHING = {
    "clearing": 0, "vat": 0, "commission": 0, "seller": 0, "subsidy": 0, "dispute": 0, "loss": 0,
}  # fmt: skip


async def tell(tx: Tx, sold: Sold, minor: int, state: str) -> UUID:
    """Let a provider tell of a dispute over `minor` cents; returns its payment."""
    checkout = await orders.find_checkout(tx, sold.placed.checkout)
    assert checkout
    payment = await payments.find_payment(tx, checkout.payment)
    assert payment
    told = DisputeNews(
        f"dp_{payment.id}",
        payment.reference or "",
        Money(minor, "EUR"),
        "fraudulent",
        state,  # type: ignore[arg-type]
    )
    await settle_dispute(tx, "sandbox", told)
    return payment.id
