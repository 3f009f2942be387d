"""From a basket to a paid order, step by step, on a real database with the sandbox provider."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from panier import orders, payments, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.orders import Settled
from panier.orders.place import place_batch
from panier.orders.settle import settle_batch
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop, lay_variant

ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def buy(cell: Cell, settings: Settings, shop: Shop, buyer: UUID = ANNA,
              behaviour: Behaviour = Behaviour.SUCCEEDS, **changes: object) -> Settled:  # fmt: skip
    token = await buying.card(cell, behaviour)
    wanted = buying.placement(shop, buyer, token, **changes)
    return (await orders.check_out(cell, settings, wanted))[1]


async def test_a_paid_basket_becomes_an_order_a_sale_and_an_event(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    settled = await buy(cell, settings, shop)
    assert settled.state == "paid"
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, settled.checkout)
        lines = (await orders.list_lines(tx, [order.id]))[order.id]
    # 2 × 24.90 + 4.90; VAT inside at 20 %: 8.30 + 0.82; 5 % of 49.80: 2.49
    assert order.number == f"FR-{now():%Y}-000001"
    assert (order.goods_minor, order.shipping_minor) == (4980, 490)
    assert (order.vat_minor, order.commission_minor, order.net.minor) == (912, 249, 4309)
    assert [(x.title, x.variant_title, x.quantity, x.unit_minor) for x in lines] == [
        ("Candle", "Large", 2, 2490)
    ]
    assert await buying.charges(cell) == [("succeeded", 5470)]
    assert await buying.counts(cell, shop) == (8, 0, 2)
    assert await buying.taken(cell) == Money(5470, "EUR")
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.all_adds_up(cell)


async def test_two_sellers_are_two_orders_paid_at_once(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        other = await lay_shop(tx, 5, 1000)
    await buying.fill_basket(cell, shop, ANNA)
    await buying.fill_basket(cell, other, ANNA)
    settled = await buy(cell, settings, shop)
    async with cell.read() as tx:
        found = await orders.list_orders_of(tx, settled.checkout)
    year = f"{now():%Y}"
    assert [(o.number, o.total.minor) for o in found] == [
        (f"FR-{year}-000001", 2980),
        (f"FR-{year}-000002", 1490),
    ]
    assert await buying.charges(cell) == [("succeeded", 4470)]
    assert await buying.events_of(cell, "OrderPaid") == 2
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour.DECLINED, "declined"),
        (Behaviour.INSUFFICIENT, "insufficient_funds"),
    ],
)
async def test_a_declined_card_keeps_the_basket_and_another_card_pays(
    cell: Cell, settings: Settings, behaviour: Behaviour, reason: str
) -> None:
    shop = await lay(cell, 1)
    held = await buying.fill_basket(cell, shop, ANNA)
    settled = await buy(cell, settings, shop, behaviour=behaviour)
    assert (settled.state, settled.reason) == ("declined", reason)
    async with cell.read() as tx:
        (hold,) = await stock.list_holds(tx, ANNA, "FR")
    assert hold.id == held.hold
    assert abs((hold.expires_at - held.expires_at).total_seconds()) < 1
    assert (await buy(cell, settings, shop)).state == "paid"
    assert await buying.states(cell) == [
        ("declined", "declined", "declined"),
        ("paid", "paid", "paid"),
    ]
    assert await buying.taken(cell) == Money(2980, "EUR")
    assert await buying.all_adds_up(cell)


async def test_an_empty_basket_is_refused(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    with pytest.raises(orders.EmptyBasket):
        await buy(cell, settings, shop)
    assert await buying.charges(cell) == []


async def test_a_basket_that_is_being_paid_cannot_be_paid_again(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    assert (await buy(cell, settings, shop, behaviour=Behaviour.CHALLENGE)).state == "action"
    with pytest.raises(orders.EmptyBasket):
        await buy(cell, settings, shop)


async def test_a_changed_price_is_shown_before_it_is_paid(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    held = await buying.fill_basket(cell, shop, ANNA)
    with pytest.raises(orders.PriceChanged) as refused:
        await buy(cell, settings, shop, expected=Money(2970, "EUR"))
    assert refused.value.details["basket"]["total"] == {"minor": 2980, "currency": "EUR"}
    assert await buying.charges(cell) == []
    async with cell.read() as tx:
        (hold,) = await stock.list_holds(tx, ANNA, "FR")
    assert abs((hold.expires_at - held.expires_at).total_seconds()) < 1
    assert (await buy(cell, settings, shop, expected=Money(2980, "EUR"))).state == "paid"


async def test_pressing_pay_twenty_times_at_once_charges_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    wanted = buying.placement(shop, ANNA, await buying.card(cell))
    presses = [msgspec.structs.replace(wanted, checkout=new_id()) for _ in range(20)]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(orders.check_out(cell, settings, press) for press in presses)
        )
    assert {settled.state for _, settled in answers} == {"paid"}
    assert len({placed.id for placed, _ in answers}) == 1
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.all_adds_up(cell)


async def test_the_same_key_in_two_processes_is_one_checkout(cell: Cell) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    wanted = buying.placement(shop, ANNA, await buying.card(cell))
    again = msgspec.structs.replace(wanted, checkout=new_id())
    async with asyncio.timeout(30):
        ((first,), (second,)) = await asyncio.gather(
            cell.run(lambda tx: place_batch(tx, [wanted])),
            cell.run(lambda tx: place_batch(tx, [again])),
        )
    assert first == second
    assert len(await buying.states(cell)) == 1


async def test_a_card_pays_one_checkout_only(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    token = await buying.card(cell)
    await buying.fill_basket(cell, shop, ANNA)
    await buying.fill_basket(cell, shop, BEN)
    _, first = await orders.check_out(cell, settings, buying.placement(shop, ANNA, token))
    _, second = await orders.check_out(cell, settings, buying.placement(shop, BEN, token))
    assert (first.state, second.state, second.reason) == ("paid", "declined", "card_unknown")
    assert await buying.all_adds_up(cell)


async def test_what_is_not_sold_here_any_more_is_refused_and_stays_in_the_basket(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        unpriced = await lay_variant(tx, shop.product, 3, 500)
        await tx.execute("delete from price where variant_id = %s", (unpriced,))
    await buying.fill_basket(cell, shop, ANNA, variant=unpriced)
    with pytest.raises(orders.NotSoldHere) as refused:
        await buy(cell, settings, shop)
    assert refused.value.details == {"variants": [str(unpriced)]}
    async with cell.read() as tx:
        assert len(await stock.list_holds(tx, ANNA, "FR")) == 1


async def test_a_batch_of_many_buyers_is_settled_in_one_transaction(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 60)
    buyers = [UUID(int=n) for n in range(1, 51)]
    for buyer in buyers:
        await buying.fill_basket(cell, shop, buyer)
    tokens = [
        await buying.card(cell, Behaviour.DECLINED if n % 5 == 0 else Behaviour.SUCCEEDS)
        for n in range(50)
    ]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(
                orders.check_out(cell, settings, buying.placement(shop, buyer, token))
                for buyer, token in zip(buyers, tokens, strict=True)
            )
        )
    assert sum(settled.state == "paid" for _, settled in answers) == 40
    assert sum(settled.state == "declined" for _, settled in answers) == 10
    assert await buying.counts(cell, shop) == (10, 10, 40)
    assert await buying.taken(cell) == Money(40 * 2980, "EUR")
    async with cell.read() as tx:
        cursor = await tx.execute("select count(distinct number), max(number) from orders")
        assert await cursor.fetchone() == (50, f"FR-{now():%Y}-000050")
    assert await buying.all_adds_up(cell)


async def test_books_that_do_not_match_their_orders_are_found(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    for buyer in (ANNA, BEN):
        await buying.fill_basket(cell, shop, buyer)
        await buy(cell, settings, shop, buyer)
    async with cell.tx() as tx:
        await tx.execute("update orders set commission_minor = 0 where number like '%1'")
        await tx.execute("update posting set key = 'x', kind = 'x' where order_id ="
                         " (select id from orders where number like '%2')")  # fmt: skip
        await tx.execute("update payment set minor = minor + 1")
    async with cell.read() as tx:
        rules = [f.rule for f in await orders.check_orders(tx)]
    assert rules == [
        "checkout and payment differ",
        "checkout and payment differ",
        "order and its lines differ",
        "paid order not booked once",
    ]


async def test_unknown_payments_settle_nothing(cell: Cell) -> None:
    stranger = payments.Answer(payment=new_id(), state=payments.State.PAID)
    async with cell.tx() as tx:
        (answer,) = await settle_batch(tx, [stranger])
    assert isinstance(answer, NotFound)
