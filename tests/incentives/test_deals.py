"""Deals on a real database: announced, opened, closed for everybody, and what they cost."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from panier import catalog, incentives, orders, rooms, shows
from panier.events import ShowEnded
from panier.incentives import handlers
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.money import Money
from panier.kit.signing import Signer
from panier.rooms import Call
from panier.runtime import Runtime
from panier.settings import Settings
from tests import buying
from tests.door import browser, give_role, open_door, sign_up
from tests.incentives.laid import enter, lay_voucher, let_hosts, who
from tests.shop import Shop, lay_shop

ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, units)
        await let_hosts(tx, shop)
        return shop


async def announce(cell: Cell, shop: Shop, **changes: Any) -> incentives.Deal:
    """Announce 14.90 instead of 24.90: 5 units, 2 a buyer, for a minute after ten seconds."""
    minor = changes.pop("minor", 1490)
    wanted = {"countdown": 10, "seconds": 60, "units": 5, "buyer_max": 2, **changes}
    async with cell.tx() as tx:
        given = incentives.NewDeal(product=shop.product, prices={shop.variant: minor}, **wanted)
        return await incentives.announce(tx, shop.show, given, None)


async def open_now(cell: Cell, shop: Shop, **changes: Any) -> incentives.Deal:
    """Announce a deal whose countdown is over."""
    deal = await announce(cell, shop, **changes)
    async with cell.tx() as tx:
        await tx.execute("update deal set opens_at = now() - interval '1 s'")
    await incentives.move_deals(cell)
    return deal


async def told(cell: Cell, shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    """List what the room was told of deals."""
    async with cell.read() as tx:
        facts = await rooms.list_facts(tx, shop.show, 0)
    return [(fact.kind, fact.body) for fact in facts if fact.kind.startswith("deal")]


async def sees(cell: Cell, shop: Shop) -> dict[str, Any] | None:
    """Return the deal in the snapshot of somebody who joins now."""
    async with cell.read() as tx:
        return (await rooms.load_state(tx, shop.show, 1_000)).deal


async def test_a_deal_is_told_with_its_times_and_opens_and_closes_by_them(cell: Cell) -> None:
    shop = await lay(cell)
    deal = await announce(cell, shop)
    assert deal.closes_at - deal.opens_at == timedelta(seconds=60)
    shown = await sees(cell, shop)
    assert shown is not None
    assert shown["prices"] == {str(shop.variant): {"minor": 1490, "was": 2490}}
    assert shown["closes_at"] - shown["opens_at"] == 60_000
    assert await incentives.move_deals(cell) == 0

    async with cell.tx() as tx:
        await tx.execute("update deal set opens_at = now() - interval '1 s'")
    assert await incentives.move_deals(cell) == 1
    assert await sees(cell, shop) == shown
    async with cell.tx() as tx:
        await tx.execute("update deal set closes_at = now()")
    assert await incentives.move_deals(cell) == 1
    assert await incentives.move_deals(cell) == 0
    assert [kind for kind, _ in await told(cell, shop)] == ["deal", "deal_opened", "deal_closed"]
    assert await sees(cell, shop) is None


async def test_a_deal_ends_early_by_the_host_and_with_the_show(cell: Cell) -> None:
    shop = await lay(cell)
    deal = await announce(cell, shop)
    with pytest.raises(incentives.DealRunning):
        await announce(cell, shop)
    async with cell.tx() as tx:
        await incentives.end_deal(tx, shop.show)
        with pytest.raises(NotFound):
            await incentives.end_deal(tx, shop.show)
        # It never opened, so it was no price of this product.
        far = deal.closes_at + timedelta(seconds=1)
        lowest = await catalog.lowest_prior_prices(tx, "FR", [shop.variant], far)
    assert lowest == {shop.variant: Money(2490, "EUR")}

    await announce(cell, shop, minor=1390)
    async with cell.tx() as tx:
        await shows.end(tx, shop.show)
        for _ in range(2):
            await handlers.close_deals(tx, ShowEnded(market="FR", show=shop.show))
        assert await incentives.find_running(tx, shop.show) is None
    with pytest.raises(incentives.DealOffAir):
        await announce(cell, shop)


async def test_a_deal_is_reduced_from_the_lowest_price_of_thirty_days(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        month = now() - timedelta(days=29)
        await catalog.set_price(tx, shop.variant, "FR", Money(1490, "EUR"), month)
        week = now() - timedelta(days=7)
        await catalog.set_price(tx, shop.variant, "FR", Money(2490, "EUR"), week)
    for minor in (1490, 1990):
        with pytest.raises(catalog.FalseReduction):
            await announce(cell, shop, minor=minor)
    deal = await open_now(cell, shop, minor=1290)
    async with cell.tx() as tx:
        await incentives.end_deal(tx, shop.show)
        later = deal.opens_at + timedelta(days=20)
        lowest = await catalog.lowest_prior_prices(tx, "FR", [shop.variant], later)
    assert lowest[shop.variant].minor == 1490  # it was over before its planned opening
    with pytest.raises(catalog.FalseReduction):
        await announce(cell, shop, minor=1490)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("countdown", {"countdown": 9}),
        ("countdown", {"countdown": 301}),
        ("seconds", {"seconds": 9}),
        ("seconds", {"seconds": 1201}),
        ("units", {"units": 0}),
        ("buyer_max", {"buyer_max": 0}),
        ("buyer_max", {"buyer_max": 6}),
        ("prices", {"minor": 0}),
    ],
)
async def test_a_deal_out_of_range_is_refused(
    cell: Cell, field: str, changes: dict[str, int]
) -> None:
    shop = await lay(cell)
    with pytest.raises(BadInput) as refused:
        await announce(cell, shop, **changes)
    assert refused.value.details["field"] == field


async def buy(cell: Cell, settings: Settings, shop: Shop, buyer: UUID, **changes: Any) -> str:
    """Pay for what `buyer` holds."""
    token = await buying.card(cell)
    placement = buying.placement(shop, buyer, token, **changes)
    return (await orders.check_out(cell, settings, placement))[1].state


async def line(cell: Cell) -> tuple[int, ...]:
    """Read the only line: list, the seller's reduction, paid, base, commission."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select list_minor, seller_discount_minor, goods_minor, commission_base_minor,"
            " commission_minor from order_line"
        )
        (row,) = await cursor.fetchall()
    return tuple(row)


async def test_who_added_during_the_deal_keeps_its_price_within_the_limits(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, BEN)  # too early
    await open_now(cell, shop)
    async with cell.tx() as tx:
        await tx.execute("update hold set at = now() - interval '1 minute'")
    await buying.fill_basket(cell, shop, ANNA, quantity=3)
    async with cell.tx() as tx:
        await incentives.end_deal(tx, shop.show)
    # three units at 24.90, two of them at 14.90: 74.70 less 20.00; 4.90 of delivery
    assert await buy(cell, settings, shop, ANNA, expected=Money(5960, "EUR")) == "paid"
    assert await line(cell) == (7470, 2000, 5470, 5470, 274)
    assert await buying.all_adds_up(cell)
    assert (
        await buy(cell, settings, shop, BEN, email="ben@example.org", expected=Money(2980, "EUR"))
        == "paid"
    )


async def test_a_voucher_comes_after_the_deal(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    await lay_voucher(cell)
    await enter(cell, who(1))
    await open_now(cell, shop)
    await buying.fill_basket(cell, shop, ANNA)
    assert await buy(cell, settings, shop, ANNA, expected=Money(1831, "EUR")) == "paid"
    # 14.90 less 10 % of it, 1.49, borne by the platform: base 14.90
    assert await line(cell) == (2490, 1000, 1341, 1490, 75)
    assert await buying.all_adds_up(cell)


async def test_forty_buyers_at_once_share_five_units_of_a_deal(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, units=100)
    await open_now(cell, shop)
    buyers = [UUID(int=n) for n in range(1, 41)]
    for buyer in buyers:
        await buying.fill_basket(cell, shop, buyer)

    async def try_it(buyer: UUID) -> str:
        email = f"buyer{buyer.int}@example.org"
        try:
            return await buy(cell, settings, shop, buyer, email=email, expected=Money(1980, "EUR"))
        except orders.PriceChanged as refusal:
            return refusal.code

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*map(try_it, buyers))
    assert sorted(answers) == ["paid"] * 5 + ["price_changed"] * 35
    async with cell.read() as tx:
        assert await value(tx, "select taken from deal") == 5
        confirmed = "select count(*) from deal_take where state = 'confirmed'"
        assert await value(tx, confirmed) == 5
    assert await incentives.move_deals(cell) == 1  # nothing is left to give: it closes
    assert await sees(cell, shop) is None


def call(cell: Cell, settings: Settings, shop: Shop, *, staff: bool, **args: Any) -> Call:
    return Call(
        cell=cell, settings=settings, signer=Signer("a secret of at least thirty-two characters"),
        market="FR", show=shop.show, visitor=ANNA, person=None, name="Anna", author="a",
        staff=staff, language="fr", stage="live", args=msgspec.Raw(msgspec.json.encode(args)),
    )  # fmt: skip


async def test_the_crew_starts_and_ends_a_deal_over_the_socket(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    wanted = {
        "product": str(shop.product), "prices": {str(shop.variant): 1490}, "countdown": 30,
        "seconds": 60, "units": 5, "buyer_max": 1,
    }  # fmt: skip
    with pytest.raises(Forbidden):
        await incentives.start(call(cell, settings, shop, staff=False, **wanted))
    answer = await incentives.start(call(cell, settings, shop, staff=True, **wanted))
    assert answer["closes_at"] - answer["opens_at"] == 60_000
    with pytest.raises(Forbidden):
        await incentives.end(call(cell, settings, shop, staff=False))
    await incentives.end(call(cell, settings, shop, staff=True))


async def test_the_crew_starts_and_ends_a_deal_over_http(cell: Cell, runtime: Runtime) -> None:
    shop = await lay(cell)
    address = f"/fr/api/shows/{shop.show}/deals"
    wanted = {
        "product": str(shop.product), "prices": {str(shop.variant): 1490}, "countdown": 30,
        "seconds": 60, "units": 5, "buyer_max": 1,
    }  # fmt: skip
    async with browser(await open_door(runtime)) as client:
        client.headers["accept"] = "application/json"
        assert (await client.post(address, json=wanted)).status_code == 401
        await sign_up(client)
        assert (await client.post(address, json=wanted)).status_code == 403
        await give_role(cell, "market")
        assert (await client.post(address, json={**wanted, "units": 0})).status_code == 422
        false = {**wanted, "prices": {str(shop.variant): 2490}}
        refused = await client.post(address, json=false)
        assert refused.json()["error"]["code"] == "false_reduction"
        answer = await client.post(address, json=wanted)
        assert answer.status_code == 201
        assert answer.json()["opens_at"] > now().timestamp() * 1000
        assert (await client.post(f"{address}/end")).status_code == 204
        assert (await client.post(f"{address}/end")).status_code == 404
