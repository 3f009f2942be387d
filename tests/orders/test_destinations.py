"""Where an order goes: its rate, its VAT and whose, thresholds, net prices for businesses."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from panier import baskets, catalog, ledger, markets, orders, taxes
from panier.catalog import ParcelRate
from panier.incentives import Kind
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.money import Money
from panier.people import Address
from panier.settings import Settings
from tests import buying
from tests.incentives.laid import enter, lay_voucher, who
from tests.shop import Shop, lay_shop

ANNA = UUID(int=1)
BERLIN = Address("Torstraße 1", "10115", "Berlin", "DE")


async def lay(cell: Cell, **rates: ParcelRate) -> Shop:
    """Lay a shop that sends at these rates; 24.90 a candle."""
    async with cell.tx() as tx:
        await markets.load(tx)
        shop = await lay_shop(tx)
        for country, rate in rates.items():
            await catalog.set_shipping(tx, shop.seller, country, rate)
    return shop


async def buy(cell: Cell, settings: Settings, shop: Shop, quantity: int = 1, **changes: Any) -> str:
    await buying.fill_basket(cell, shop, ANNA, quantity)
    placement = buying.placement(shop, ANNA, await buying.card(cell), **changes)
    return (await orders.check_out(cell, settings, placement))[1].state


async def the_line(cell: Cell) -> tuple[int, ...]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select goods_minor, shipping_minor, vat_basis_points, vat_minor, shipping_vat_minor"
            " from order_line"
        )
        (row,) = await cursor.fetchall()
    return tuple(row)


async def vat_owed(cell: Cell) -> dict[str, int]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select owner, balance_minor from account where kind = 'vat' order by owner"
        )
        return dict(await cursor.fetchall())


async def test_a_parcel_to_germany_costs_its_rate_and_german_vat_is_inside(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, DE=ParcelRate(790))
    total = Money(3280, "EUR")
    assert await buy(cell, settings, shop, address=BERLIN, expected=total) == "paid"
    # 24.90 × 19 / 119 = 3.98; 7.90 × 19 / 119 = 1.26
    assert await the_line(cell) == (2490, 790, 1900, 398, 126)
    assert await vat_owed(cell) == {"DE": -524}
    assert await buying.all_adds_up(cell)


async def test_each_of_one_moment_pays_for_their_own_destination(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, DE=ParcelRate(790, 2000), IT=ParcelRate(890))
    rome = Address("Via Appia 1", "00179", "Roma", "IT")
    wanted = []
    for n, address in enumerate((BERLIN, rome, buying.PARIS), 1):
        await buying.fill_basket(cell, shop, UUID(int=n))
        token = await buying.card(cell)
        wanted.append(buying.placement(shop, UUID(int=n), token, address=address))
    told = await buying.all_told(await orders.checkout.check_out_all(cell, settings, wanted))
    assert not any(isinstance(one, PanierError) for one in told)
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select c.address->>'country', o.shipping_minor, l.vat_basis_points from orders o"
            " join checkout c on c.id = o.checkout_id join order_line l on l.order_id = o.id"
            " order by 1"
        )
        assert await cursor.fetchall() == [("DE", 0, 1900), ("FR", 490, 2000), ("IT", 890, 2200)]
    # 3.98; 4.15 + 0.82; 4.49 + 1.60
    assert await vat_owed(cell) == {"DE": -398, "FR": -497, "IT": -609}
    assert await buying.all_adds_up(cell)


async def test_where_a_seller_does_not_send_nothing_is_sold_and_nothing_lost(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    with pytest.raises(baskets.NotShippedThere) as refused:
        await buy(cell, settings, shop, address=BERLIN)
    assert refused.value.message("en") == "Maison Lumen does not send parcels to Germany."
    assert await buying.counts(cell, shop) == (9, 1, 0)
    assert await buying.charges(cell) == []


async def test_an_unknown_vat_rate_refuses_that_buyer_alone(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell, PL=ParcelRate(990))
    async with cell.tx() as tx:
        await tx.execute("update product set vat_category = 'food'")
    warsaw = Address("Prosta 1", "00-950", "Warszawa", "PL")
    wanted = []
    for n, address in enumerate((warsaw, buying.PARIS), 1):
        await buying.fill_basket(cell, shop, UUID(int=n))
        token = await buying.card(cell)
        wanted.append(buying.placement(shop, UUID(int=n), token, address=address))
    refused, paid = await buying.all_told(
        await orders.checkout.check_out_all(cell, settings, wanted)
    )
    assert isinstance(refused, markets.UnknownVatRate)
    assert (refused.details["country"], refused.details["category"]) == ("PL", "food")
    assert isinstance(paid, tuple)
    assert paid[1].state == "paid"


@pytest.mark.parametrize(
    ("quantity", "shipping"), [(2, 490), (3, 0)], ids=["49.80 of 60.00", "74.70 of 60.00"]
)
async def test_a_parcel_is_free_from_the_threshold_on(
    cell: Cell, settings: Settings, quantity: int, shipping: int
) -> None:
    shop = await lay(cell, FR=ParcelRate(490, 6000))
    assert await buy(cell, settings, shop, quantity) == "paid"
    assert (await the_line(cell))[:2] == (2490 * quantity, shipping)
    assert await buying.all_adds_up(cell)


async def test_a_threshold_counts_what_is_paid_after_reductions(
    cell: Cell, settings: Settings
) -> None:
    """74.70 less 20 % is 59.76, under 60.00: the parcel is paid."""
    shop = await lay(cell, FR=ParcelRate(490, 6000))
    await lay_voucher(cell, basis_points=2000)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop, 3, expected=Money(6466, "EUR")) == "paid"
    assert (await the_line(cell))[:2] == (5976, 490)


async def test_a_voucher_of_free_delivery_is_kept_where_the_parcel_is_free_anyway(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, FR=ParcelRate(490, 6000))
    voucher = await lay_voucher(cell, kind=Kind.SHIPPING, basis_points=0)
    await enter(cell, who(1))
    assert await buy(cell, settings, shop, 3, expected=Money(7470, "EUR")) == "paid"
    assert await buy(cell, settings, shop, 1, expected=Money(2490, "EUR")) == "paid"
    async with cell.read() as tx:
        cursor = await tx.execute("select voucher_id, minor from voucher_use")
        assert await cursor.fetchall() == [(voucher.id, 490)]
    assert await buying.all_adds_up(cell)


async def test_a_business_pays_net_and_owes_the_vat_itself(cell: Cell, settings: Settings) -> None:
    """24.90 − 3.98 and 7.90 − 1.26; ten percent of it borne by the platform."""
    shop = await lay(cell, DE=ParcelRate(790))
    await lay_voucher(cell)
    await enter(cell, who(1))
    company = taxes.Business("Kiosk GmbH", "DE136695976", reverse_charge=True)
    asked: dict[str, Any] = {"address": BERLIN, "business": company}
    # 20.92 net: 2.09 by the platform and 18.83 paid; 6.64 for the parcel
    assert await buy(cell, settings, shop, expected=Money(2547, "EUR"), **asked) == "paid"
    assert await the_line(cell) == (1883, 664, 0, 0, 0)
    assert await vat_owed(cell) == {}
    async with cell.read() as tx:
        cursor = await tx.execute("select minor, platform_minor from voucher_use")
        assert await cursor.fetchall() == [(209, 209)]
        owed = await ledger.get_balance(tx, ledger.Account("seller", str(shop.seller), "EUR"))
    # 18.83 + 2.09 + 6.64 less 5 % of 20.92
    assert owed == Money(-2651, "EUR")
    assert await buying.all_adds_up(cell)


async def test_a_changed_rate_is_told_with_the_basket_as_it_is_now(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, DE=ParcelRate(790))
    with pytest.raises(orders.PriceChanged) as changed:
        await buy(cell, settings, shop, address=BERLIN, expected=Money(2980, "EUR"))
    shown = changed.value.details["basket"]
    assert (shown["country"], shown["shipping"]["minor"], shown["total"]["minor"]) == (
        "DE", 790, 3280,
    )  # fmt: skip
    assert msgspec.json.encode(shown)
