"""Buying in tests: a test card, a full basket, a placement, all with literal defaults."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from panier import ledger, orders, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.markets import Market
from panier.orders import Placement
from panier.payments import sandbox
from panier.payments.rules import Behaviour, Card
from panier.people import Address
from panier.reports.reconcile import reconcile
from tests.shop import Shop

T = TypeVar("T")

FR = Market("FR", "France", "FR", "EUR", ["fr", "en"], "Europe/Paris", "open")
PARIS = Address("12 rue de la Paix", "75002", "Paris", "FR")


async def card(cell: Cell, behaviour: Behaviour = Behaviour.SUCCEEDS) -> str:
    """Return the token of a test card."""
    async with cell.tx() as tx:
        return (await sandbox.make_token(tx, Card(behaviour, "visa", "4242"))).token


async def all_told(answers: Sequence[T | Awaitable[T]]) -> list[T]:
    """Return answers, those that are to come too."""
    return [await one if isinstance(one, Awaitable) else one for one in answers]


async def fill_basket(
    cell: Cell,
    shop: Shop,
    buyer: UUID,
    quantity: int = 1,
    variant: UUID | None = None,
    *,
    aside: bool = True,
) -> stock.Held:
    """Hold units for `buyer`; not `aside`: want them, as in a show where who pays first gets it."""
    wanted = stock.Wanted(
        new_id(), buyer, variant or shop.variant, quantity, "FR", shop.show, 480, 20, aside
    )
    return await stock.hold(cell, wanted)


def placement(shop: Shop, buyer: UUID, token: str, **changes: object) -> Placement:
    """Build a request to pay."""
    checkout = new_id()
    wanted = Placement(
        checkout=checkout,
        key=new_id(),
        buyer=buyer,
        market=FR,
        show=shop.show,
        person=None,
        email="anna@example.org",
        name="Anna Martin",
        name_on_air="Anna",
        address=PARIS,
        remember=False,
        language="en",
        token=token,
        keep=False,
        expected=None,
        page_url=f"http://localhost:8400/fr/order/{checkout}",
        payment_seconds=900,
        provider="sandbox",
    )
    return msgspec.structs.replace(wanted, **changes)


async def charges(cell: Cell) -> list[tuple[str, int]]:
    """List state and amount of every payment the provider knows."""
    async with cell.read() as tx:
        cursor = await tx.execute("select state, minor from sandbox_intent order by at, id")
        return await cursor.fetchall()


async def states(cell: Cell) -> list[tuple[str, str, str]]:
    """List the states of payment, checkout and order, by the order's number."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select p.state, c.state, o.state from orders o"
            " join checkout c on c.id = o.checkout_id join payment p on p.id = c.payment_id"
            " order by o.number"
        )
        return await cursor.fetchall()


async def counts(cell: Cell, shop: Shop) -> tuple[int, int, int]:
    """Return available, held and sold of the shop's variant."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select available, held, sold from stock where variant_id = %s", (shop.variant,)
        )
        ((available, held, sold),) = await cursor.fetchall()
    return available, held, sold


async def taken(cell: Cell) -> Money:
    """Return what the books say the provider owes us."""
    async with cell.read() as tx:
        return await ledger.get_balance(tx, ledger.Account("clearing", "sandbox", "EUR"))


async def events_of(cell: Cell, kind: str) -> int:
    """Count events of a kind."""
    async with cell.read() as tx:
        return int(await value(tx, "select count(*) from event where kind = %s", (kind,)))


async def all_adds_up(cell: Cell) -> bool:
    """Tell whether `panier reconcile` and the orders' own check find nothing."""
    async with cell.read() as tx:
        found: list[object] = list(await orders.check_orders(tx))
    found += await reconcile(cell)
    assert found == []
    return True


async def age_payments(tx: Tx, seconds: int) -> None:
    """Make every payment `seconds` older, so that a worker looks after it."""
    await tx.execute(
        "update payment set at = at - make_interval(secs => %(s)s),"
        " look_at = look_at - make_interval(secs => %(s)s)",
        {"s": seconds},
    )
