"""Vouchers at checkout: what each line states, what the books hold, what is given back."""

from typing import Any
from uuid import UUID

import pytest

from panier import incentives, orders
from panier.incentives import Kind
from panier.kit.cells import Cell
from panier.kit.money import Money
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.incentives.laid import enter, lay_voucher, who
from tests.shop import Shop, lay_shop

ANNA, BEN = UUID(int=1), UUID(int=2)
LINE = (
    "list_minor, seller_discount_minor, cofunding_minor, subsidy_minor, goods_minor,"
    " commission_base_minor, vat_minor, shipping_minor, shipping_subsidy_minor,"
    " shipping_vat_minor, commission_minor"
)


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def buy(
    cell: Cell,
    settings: Settings,
    shop: Shop,
    buyer: UUID = ANNA,
    behaviour: Behaviour = Behaviour.SUCCEEDS,
    **changes: Any,
) -> str:
    """Put one unit into the basket and pay for it; returns how the checkout stands."""
    await buying.fill_basket(cell, shop, buyer)
    token = await buying.card(cell, behaviour)
    placement = buying.placement(shop, buyer, token, **changes)
    _, settled = await orders.check_out(cell, settings, placement)
    return settled.state


async def the_line(cell: Cell) -> tuple[int, ...]:
    """Read the only order line's anatomy."""
    async with cell.read() as tx:
        cursor = await tx.execute(f"select {LINE} from order_line")
        (row,) = await cursor.fetchall()
    return tuple(row)


async def the_books(cell: Cell) -> dict[str, int]:
    """Read the balance of every kind of account, in cents."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select kind, sum(balance_minor)::bigint from account group by kind order by kind"
        )
        return dict(await cursor.fetchall())


async def test_a_voucher_of_the_platform_costs_the_seller_nothing(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop) == "paid"
    # 10 % of 24.90: 2.49; base 24.90, VAT inside it 4.15, commission 1.25, as without a voucher
    assert await the_line(cell) == (2490, 0, 0, 249, 2241, 2490, 415, 490, 0, 82, 125)
    assert await the_books(cell) == {
        "clearing": 2731, "subsidy": 249, "vat": -497, "commission": -125, "seller": -2358,
    }  # fmt: skip
    assert await buying.all_adds_up(cell)


async def test_a_sellers_own_voucher_lowers_the_base_of_everything(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, seller=shop.seller)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop) == "paid"
    # base 22.41: VAT inside 3.735, half up 3.74; commission 1.1205: 1.12
    assert await the_line(cell) == (2490, 249, 0, 0, 2241, 2241, 374, 490, 0, 82, 112)
    assert await the_books(cell) == {
        "clearing": 2731, "vat": -456, "commission": -112, "seller": -2163,
    }  # fmt: skip
    assert await buying.all_adds_up(cell)


async def test_a_joint_voucher_is_borne_by_both_as_agreed(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    voucher = await lay_voucher(
        cell, kind=Kind.FIXED, basis_points=0, minor=500, funding_basis_points=3000,
        sellers=[shop.seller],
    )  # fmt: skip
    async with cell.tx() as tx:
        await incentives.agree(tx, voucher.id)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop) == "paid"
    # 5.00: the platform 1.50, the seller 3.50; base 21.40: VAT 3.5667, commission 1.07
    assert await the_line(cell) == (2490, 0, 350, 150, 1990, 2140, 357, 490, 0, 82, 107)
    assert await the_books(cell) == {
        "clearing": 2480, "subsidy": 150, "vat": -439, "commission": -107, "seller": -2084,
    }  # fmt: skip
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize(
    ("funding", "line", "books"),
    [
        (
            10_000,
            (2490, 0, 0, 0, 2490, 2490, 415, 0, 490, 82, 125),
            {"clearing": 2490, "subsidy": 490, "vat": -497, "commission": -125, "seller": -2358},
        ),
        (
            0,
            (2490, 0, 0, 0, 2490, 2490, 415, 0, 0, 0, 125),
            {"clearing": 2490, "vat": -415, "commission": -125, "seller": -1950},
        ),
    ],
    ids=["by the platform", "by the seller"],
)
async def test_free_shipping_is_borne_by_whoever_gives_it(
    cell: Cell, settings: Settings, funding: int, line: tuple[int, ...], books: dict[str, int]
) -> None:
    shop = await lay(cell)
    of = {"funding_basis_points": funding} if funding else {"seller": shop.seller}
    await lay_voucher(cell, kind=Kind.SHIPPING, basis_points=0, **of)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop) == "paid"
    assert await the_line(cell) == line
    assert await the_books(cell) == books
    assert await buying.all_adds_up(cell)


async def test_a_declined_payment_gives_the_voucher_back_and_keeps_it_in_the_basket(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, uses_max=1)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop, behaviour=Behaviour.DECLINED) == "declined"
    token = await buying.card(cell)
    placement = buying.placement(shop, ANNA, token, expected=Money(2731, "EUR"))
    _, settled = await orders.check_out(cell, settings, placement)
    assert settled.state == "paid"
    assert await buy(cell, settings, shop, expected=Money(2980, "EUR")) == "paid"


async def test_a_voucher_that_is_gone_is_told_with_the_basket_as_it_is_now(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, uses_max=1)
    for number in (1, 2):
        await enter(cell, who(number))
    assert await buy(cell, settings, shop, BEN, email="ben@example.org") == "paid"
    with pytest.raises(orders.PriceChanged) as changed:
        await buy(cell, settings, shop, expected=Money(2731, "EUR"))
    basket = changed.value.details["basket"]
    assert basket["total"] == {"minor": 2980, "currency": "EUR"}
    assert basket["vouchers"] == [
        {
            "code": "TEN",
            "shipping": False,
            "off": {"minor": 0, "currency": "EUR"},
            "problem": "This voucher has been used up by others.",
        }
    ]
    with pytest.raises(incentives.VoucherUsedUp):  # who names no total is told as well
        await orders.check_out(
            cell, settings, buying.placement(shop, ANNA, await buying.card(cell))
        )
    assert len(await buying.charges(cell)) == 1


async def test_the_same_address_in_another_browser_is_the_same_buyer(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, buyer_max=1)
    for number in (1, 2):
        await enter(cell, who(number))
    assert await buy(cell, settings, shop, ANNA, email="anna@example.org") == "paid"
    with pytest.raises(incentives.VoucherLimitReached):
        await buy(cell, settings, shop, BEN, email="Anna+2@example.org")
