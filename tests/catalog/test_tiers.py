"""A seller is new for ninety days, then standard by itself; a key account is agreed."""

from datetime import date

import pytest

from panier import catalog
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from tests.shop import Shop, lay_shop

FIRST = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("tier", "day", "expected"),
    [
        ("standard", date(2026, 1, 1), "first_90_days"),
        ("standard", date(2026, 3, 31), "first_90_days"),  # the ninetieth
        ("standard", date(2026, 4, 1), "standard"),
        ("key_account", date(2026, 1, 1), "key_account"),
        ("key_account", date(2027, 1, 1), "key_account"),
    ],
)
def test_a_seller_is_new_for_ninety_days(tier: str, day: date, expected: str) -> None:
    assert catalog.tier_on(tier, FIRST, day) == expected


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await tx.execute("update seller set since = %s", (FIRST,))
    return shop


async def test_tiers_are_read_together_and_who_is_unknown_is_not_there(cell: Cell) -> None:
    shop, other = await lay(cell), await lay(cell)
    async with cell.tx() as tx:
        await catalog.set_tier(tx, "FR", other.seller, "key_account", other.host)
    async with cell.read() as tx:
        asked = [shop.seller, other.seller, new_id()]
        assert await catalog.list_tiers(tx, asked, date(2026, 2, 1)) == {
            shop.seller: "first_90_days",
            other.seller: "key_account",
        }
        assert await catalog.list_tiers(tx, [shop.seller], date(2026, 5, 1)) == {
            shop.seller: "standard"
        }


async def test_a_new_tier_is_known_here_at_once_and_elsewhere_within_seconds(cell: Cell) -> None:
    shop, day = await lay(cell), date(2026, 5, 1)
    async with cell.read() as tx:
        await catalog.list_tiers(tx, [shop.seller], day)
    async with cell.tx() as tx:  # behind the back of this process
        await tx.execute("update seller set tier = 'key_account'")
    async with cell.read() as tx:
        assert await catalog.list_tiers(tx, [shop.seller], day) == {shop.seller: "standard"}
    async with cell.tx() as tx:
        await catalog.set_tier(tx, "FR", shop.seller, "key_account", shop.host)
    async with cell.read() as tx:
        assert await catalog.list_tiers(tx, [shop.seller], day) == {shop.seller: "key_account"}


async def test_only_a_known_tier_of_ones_own_market_is_agreed(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        with pytest.raises(BadInput):
            await catalog.set_tier(tx, "FR", shop.seller, "first_90_days", shop.host)
        with pytest.raises(NotFound):
            await catalog.set_tier(tx, "GB", shop.seller, "standard", shop.host)
