"""Vouchers on a real database: made, entered, used, given back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from panier import incentives
from panier.incentives import Kind, NewVoucher
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.errors import BadInput, PanierError
from tests.incentives.laid import enter, lay_voucher, redeem, who
from tests.shop import Shop, lay_shop

ANNA, BEN = who(1), who(2)


async def lay(cell: Cell) -> Shop:
    """Lay a shop."""
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def uses(cell: Cell) -> list[tuple[str, int, int]]:
    """List the uses so far: state, amount, the platform's part."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select state, minor, platform_minor from voucher_use order by at"
        )
        return await cursor.fetchall()


async def used(cell: Cell) -> int:
    """Return how often the only voucher counts as used."""
    async with cell.read() as tx:
        return int(await value(tx, "select used from voucher"))


async def settle(cell: Cell, checkout: UUID, *, paid: bool) -> None:
    """Tell how the payment ended."""
    async with cell.tx() as tx:
        await (incentives.confirm if paid else incentives.give_back)(tx, [checkout])


async def test_a_code_is_entered_however_it_is_written_and_taken_out_again(cell: Cell) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, "SUMMER-10")
    await enter(cell, ANNA, " summer-10 ")
    await enter(cell, ANNA, "SUMMER-10")
    async with cell.tx() as tx:
        await incentives.take_out(tx, ANNA.visitor, "FR", "Summer-10")
    _, reduced = await redeem(cell, shop, ANNA)
    assert reduced.taken == {}
    assert await uses(cell) == []


async def test_a_paid_use_leaves_the_basket_and_stays_counted(cell: Cell) -> None:
    shop = await lay(cell)
    voucher = await lay_voucher(cell)
    await enter(cell, ANNA)
    checkout, reduced = await redeem(cell, shop, ANNA)
    assert reduced.taken == {voucher.id: (249, 249)}
    for _ in range(2):
        await settle(cell, checkout, paid=True)
    await settle(cell, checkout, paid=False)
    assert await uses(cell) == [("confirmed", 249, 249)]
    assert await used(cell) == 1
    assert (await redeem(cell, shop, ANNA))[1].taken == {}


async def test_an_unpaid_use_is_free_again_and_stays_in_the_basket(cell: Cell) -> None:
    shop = await lay(cell)
    voucher = await lay_voucher(cell, uses_max=1)
    await enter(cell, ANNA)
    await enter(cell, BEN)
    checkout, _ = await redeem(cell, shop, ANNA)
    _, refused = await redeem(cell, shop, BEN)
    assert isinstance(refused.problems[voucher.id], incentives.VoucherUsedUp)
    for _ in range(2):
        await settle(cell, checkout, paid=False)
    assert await used(cell) == 0
    assert (await redeem(cell, shop, ANNA))[1].taken == {voucher.id: (249, 249)}


@pytest.mark.parametrize(
    "again",
    [
        who(1, "somebody@example.org"),
        who(3, "Buyer1+new@example.org"),
        who(4, "other@example.org", UUID(int=77)),
    ],
    ids=["same browser", "same address", "same account"],
)
async def test_a_buyer_is_known_again_by_any_of_three_marks(
    cell: Cell, again: incentives.Who
) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, buyer_max=1)
    first = ANNA._replace(person=UUID(int=77))
    await enter(cell, first)
    await redeem(cell, shop, first)
    with pytest.raises(incentives.VoucherLimitReached):
        await enter(cell, again)
    await enter(cell, BEN)
    assert len((await redeem(cell, shop, BEN))[1].taken) == 1


async def test_a_joint_voucher_waits_until_the_seller_agrees(cell: Cell) -> None:
    shop = await lay(cell)
    voucher = await lay_voucher(cell, funding_basis_points=3000, sellers=[shop.seller])
    with pytest.raises(incentives.VoucherNotYet):
        await enter(cell, ANNA)
    async with cell.tx() as tx:
        await incentives.agree(tx, voucher.id)
    await enter(cell, ANNA)
    await redeem(cell, shop, ANNA)
    assert await uses(cell) == [("reserved", 249, 75)]


async def test_what_has_ended_or_is_unknown_is_refused_by_name(cell: Cell) -> None:
    await lay(cell)
    voucher = await lay_voucher(cell)
    await lay_voucher(cell, "LATER", valid_from=now() + timedelta(days=1))
    async with cell.tx() as tx:
        await incentives.end_voucher(tx, voucher.id)
        with pytest.raises(incentives.VoucherEnded):
            await incentives.agree(tx, voucher.id)
    wanted: dict[str, type[PanierError]] = {
        "TEN": incentives.VoucherOver,
        "LATER": incentives.VoucherNotYet,
        "NEVER-HEARD": incentives.VoucherUnknown,
    }
    for code, refusal in wanted.items():
        with pytest.raises(refusal):
            await enter(cell, ANNA, code)


async def test_a_basket_takes_five_vouchers(cell: Cell) -> None:
    await lay(cell)
    for n in range(6):
        await lay_voucher(cell, f"CODE-{n}", stackable=True)
    for n in range(5):
        await enter(cell, ANNA, f"CODE-{n}")
    with pytest.raises(incentives.TooManyVouchers):
        await enter(cell, ANNA, "CODE-5")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("code", {"code": "A B!"}),
        ("code", {"code": "AB"}),
        ("amount", {"basis_points": 0}),
        ("amount", {"basis_points": 10_001}),
        ("amount", {"kind": Kind.FIXED}),
        ("minimum", {"minimum_minor": -1}),
        ("limits", {"uses_max": 0}),
        ("valid_until", {"valid_until": now() - timedelta(seconds=1)}),
        ("funding", {"funding_basis_points": 10_001}),
        ("sellers", {"funding_basis_points": 5000}),
        ("markets", {"markets": ["GB"]}),
    ],
)
async def test_a_voucher_that_makes_no_sense_is_refused(
    cell: Cell, field: str, changes: dict[str, object]
) -> None:
    async with cell.tx() as tx:
        await lay_shop(tx)
        await tx.execute(
            "insert into market values ('GB', 'Britain', 'GB', 'GBP', '{en}', 'Europe/London',"
            " 'open')"
        )
    wanted: dict[str, Any] = {
        "code": "TEN",
        "kind": Kind.PERCENT,
        "basis_points": 1000,
        "funding_basis_points": 10_000,
        **changes,
    }
    with pytest.raises(BadInput) as refused:
        async with cell.tx() as tx:
            await incentives.create_voucher(
                tx,
                "FR",
                NewVoucher(**wanted),
                seller=None,
                by=None,
            )
    assert refused.value.details["field"] == field


async def test_a_code_is_given_once(cell: Cell) -> None:
    await lay(cell)
    await lay_voucher(cell, "ONCE")
    with pytest.raises(incentives.CodeTaken):
        await lay_voucher(cell, "once")


async def test_a_list_of_vouchers_tells_what_they_cost(cell: Cell) -> None:
    shop = await lay(cell)
    await lay_voucher(cell)
    own = await lay_voucher(cell, "LUMEN", seller=shop.seller)
    for buyer in (ANNA, BEN):
        await enter(cell, buyer)
        checkout, _ = await redeem(cell, shop, buyer)
        if buyer is ANNA:
            await settle(cell, checkout, paid=True)
    async with cell.read() as tx:
        everything = await incentives.list_costs(tx, "FR", None, now())
        [theirs] = await incentives.list_costs(tx, "FR", [shop.seller], now())
    [ten] = [cost for cost in everything if cost.voucher.code == "TEN"]
    assert (ten.confirmed, ten.reserved) == (1, 1)
    assert (ten.given.minor, ten.platform.minor) == (249, 249)
    assert theirs.voucher.id == own.id
    assert theirs.seller_name == "Maison Lumen"
