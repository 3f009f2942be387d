"""Vouchers and who uses them, for tests of this folder and of what stands on it."""

from typing import Any
from uuid import UUID

from panier import incentives
from panier.incentives import Goods, Kind, NewVoucher, Voucher, Want, Who
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id
from tests.shop import OPENED, Shop


async def lay_voucher(cell: Cell, code: str = "TEN", **changes: Any) -> Voucher:
    """Make a voucher of the platform: ten percent off everything, unless told otherwise."""
    seller = changes.pop("seller", None)
    plain: dict[str, Any] = {"kind": Kind.PERCENT, "basis_points": 1000}
    if seller is None:
        plain["funding_basis_points"] = 10_000
    else:
        plain["sellers"] = [seller]
    wanted = NewVoucher(code=code, **{**plain, **changes})
    async with cell.tx() as tx:
        return await incentives.create_voucher(
            tx,
            "FR",
            wanted,
            seller=seller if isinstance(seller, UUID) else None,
            by=None,
        )


async def let_hosts(tx: Tx, shop: Shop, product: UUID | None = None, **changes: Any) -> UUID:
    """Let the seller agree to deals: 90 % off anything, unless told otherwise."""
    plain: dict[str, Any] = {"currency": "EUR", "units": 1_000_000, "valid_from": OPENED}
    if "floor_minor" not in changes:
        plain["basis_points"] = 9000
    bounds = incentives.Bounds(**{**plain, **changes})
    return await incentives.agree_to_deals(tx, shop.seller, bounds, None, product)


def who(number: int, email: str | None = None, person: UUID | None = None) -> Who:
    """Name a buyer; every number has an address of its own."""
    address = email or f"buyer{number}@example.org"
    return Who(UUID(int=number), person, incentives.digest_email(address))


def a_line(shop: Shop, price: int = 2490, shipping: int = 490) -> Goods:
    """Build the line of one unit of the shop."""
    return Goods(shop.variant, shop.product, shop.seller, shop.show, price, price, shipping)


async def enter(cell: Cell, buyer: Who, code: str = "TEN") -> None:
    """Put a code into a basket."""
    async with cell.tx() as tx:
        await incentives.enter(tx, buyer, "FR", code)


async def redeem(cell: Cell, shop: Shop, buyer: Who) -> tuple[UUID, incentives.Reduced]:
    """Use what is in the basket for a new checkout, in a transaction of its own."""
    want = Want(new_id(), buyer, "FR")

    async def act(tx: Tx) -> incentives.Reduced:
        till = await incentives.open_till(tx, [want], now())
        reduced = till.reduce(want, [a_line(shop)])
        till.accept(want, reduced)
        await till.close(tx)
        return reduced

    return want.checkout, await cell.run(act)
