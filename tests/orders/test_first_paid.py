"""Where who pays first gets it: refused before money is asked for, refunded where it came too late.

And what a declined card gives back: each thing as long as it would have lain in the basket anyway.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from panier import baskets, orders, payments, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.money import Money
from panier.orders.settle import settle_batch
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop, lay_variant

ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, units: int) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def buy(
    cell: Cell, settings: Settings, shop: Shop, buyer: UUID, how: Behaviour = Behaviour.SUCCEEDS
) -> orders.Settled:
    token = await buying.card(cell, how)
    wanted = buying.placement(shop, buyer, token)
    return (await orders.check_out(cell, settings, wanted))[1]


async def until(cell: Cell, buyer: UUID) -> list[tuple[str, object]]:
    """List what lies in a basket, and how many seconds more."""
    async with cell.read() as tx:
        return [
            ("held" if hold.aside else "wanted", round((hold.expires_at - now()).total_seconds()))
            for hold in await stock.list_holds(tx, buyer, "FR")
        ]


async def test_what_others_paid_for_first_is_refused_before_money_is_asked_for(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    async with cell.tx() as tx:
        other = await lay_variant(tx, shop.product, 5, 900)
    for buyer in (ANNA, BEN):
        await buying.fill_basket(cell, shop, buyer, aside=False)
    await buying.fill_basket(cell, shop, ANNA, 2, other, aside=False)
    assert (await buy(cell, settings, shop, BEN)).state == "paid"
    with pytest.raises(orders.PaidFirst) as refused:
        await buy(cell, settings, shop, ANNA)
    assert refused.value.details == {
        "title": "Candle", "variant": str(shop.variant), "available": 0,
    }  # fmt: skip
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert [state for state, _ in await until(cell, ANNA)] == ["wanted", "wanted"]
    async with cell.tx() as tx:
        await stock.release(tx, ANNA, shop.variant, 1, "FR")
    assert (await buy(cell, settings, shop, ANNA)).state == "paid"
    assert await buying.counts(cell, shop) == (0, 0, 1)
    assert await buying.all_adds_up(cell)


async def test_a_payment_that_comes_too_late_goes_back_at_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    for buyer in (ANNA, BEN):
        await buying.fill_basket(cell, shop, buyer, aside=False)
    asked = await buy(cell, settings, shop, ANNA, Behaviour.CHALLENGE)
    assert asked.state == "action"
    assert (await buy(cell, settings, shop, BEN)).state == "paid"
    async with cell.tx() as tx:
        cursor = await tx.execute(
            "update sandbox_intent set state = 'succeeded' where state = 'action' returning id, key"
        )
        [(reference, key)] = await cursor.fetchall()
        told = payments.Answer(payment=key, state=payments.State.PAID, reference=reference)
        [settled] = await settle_batch(tx, [told])
    assert isinstance(settled, orders.Settled)
    assert settled.state == "refused"
    assert await orders.resume_payments(cell, settings) == 1
    assert await buying.states(cell) == [
        ("refunded", "refused", "refused"),
        ("paid", "paid", "paid"),
    ]
    assert await buying.taken(cell) == Money(2980, "EUR")
    assert await buying.counts(cell, shop) == (0, 0, 1)
    assert await until(cell, ANNA) == []
    assert await buying.all_adds_up(cell)


async def test_a_declined_card_gives_a_basket_back_as_it_was_extension_and_all(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 9)
    await buying.fill_basket(cell, shop, ANNA)
    async with cell.tx() as tx:
        await stock.extend(tx, ANNA, "FR", 240)
    await buying.fill_basket(cell, shop, ANNA)
    await buying.fill_basket(cell, shop, ANNA, aside=False)
    async with cell.tx() as tx:
        await tx.execute(
            "update hold set expires_at = now() + interval '1 day' where state = 'wanted'"
        )
    before = await until(cell, ANNA)
    assert before == [
        ("held", pytest.approx(720, abs=5)),
        ("held", pytest.approx(480, abs=5)),
        ("wanted", pytest.approx(86_400, abs=5)),
    ]
    assert (await buy(cell, settings, shop, ANNA, Behaviour.DECLINED)).state == "declined"
    assert await until(cell, ANNA) == [
        (state, pytest.approx(left, abs=5)) for state, left in before
    ]
    # Near its end it stays for another try, and never beyond half an hour.
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() + interval '5 s'")
    assert (await buy(cell, settings, shop, ANNA, Behaviour.DECLINED)).state == "declined"
    assert await until(cell, ANNA) == [
        (state, pytest.approx(180, abs=5)) for state in ("held", "held", "wanted")
    ]
    async with cell.tx() as tx:
        await tx.execute("update hold set at = at - interval '29 minutes'")
    assert (await buy(cell, settings, shop, ANNA, Behaviour.DECLINED)).state == "declined"
    assert await until(cell, ANNA) == [
        ("held", pytest.approx(60, abs=5)),
        ("held", pytest.approx(60, abs=5)),
        ("wanted", pytest.approx(180, abs=5)),
    ]


async def test_what_is_set_aside_keeps_the_deal_of_its_press_and_what_is_not_has_todays_price() -> (
    None
):
    pressed, moment = now() - timedelta(hours=1), now()
    one = UUID(int=1)

    def hold(*, aside: bool) -> stock.Hold:
        return stock.Hold(one, one, 2, one, pressed, moment, None, False, False, aside, None)

    held, wanted = baskets.presses([hold(aside=True), hold(aside=False)], moment)
    assert (held.at, wanted.at) == (pressed, moment)
