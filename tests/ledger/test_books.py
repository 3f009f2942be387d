"""The books in the database: once, balanced, and found out when they are not."""

import asyncio
from uuid import UUID

import pytest

from panier import ledger
from panier.kit.cells import Cell
from panier.kit.money import Money
from panier.ledger import Account, Entry, Posting

SELLER = UUID(int=9)
CLEARING = Account("clearing", "sandbox", "EUR")


def a_sale(order: int, total: int = 2980) -> Posting:
    return ledger.sale(
        ledger.Sale(
            UUID(int=order), "sandbox", "FR", "FR", SELLER,
            Money(total, "EUR"), Money(497, "EUR"), Money(125, "EUR"), Money.zero("EUR"),
        )
    )  # fmt: skip


async def test_a_sale_stands_on_four_accounts(cell: Cell) -> None:
    async with cell.tx() as tx:
        new = await ledger.post(tx, [a_sale(1)])
    assert new == {"sale:00000000-0000-0000-0000-000000000001"}
    async with cell.read() as tx:
        entries = await ledger.list_entries(tx, UUID(int=1))
        assert [(e.what, e.kind, e.owner, e.minor) for e in entries] == [
            ("sale", "clearing", "sandbox", 2980),
            ("sale", "vat", "FR", -497),
            ("sale", "commission", "FR", -125),
            ("sale", "seller", str(SELLER), -2358),
        ]
        assert await ledger.get_balance(tx, CLEARING) == Money(2980, "EUR")
        assert await ledger.get_balance(tx, Account("vat", "IT", "EUR")) == Money(0, "EUR")
        assert await ledger.check_books(tx) == []


async def test_the_same_fact_is_booked_once(cell: Cell) -> None:
    async with cell.tx() as tx:
        await ledger.post(tx, [a_sale(1), a_sale(1), a_sale(2)])
    async with cell.tx() as tx:
        assert await ledger.post(tx, [a_sale(2), a_sale(1)]) == set()
    async with cell.read() as tx:
        assert await ledger.get_balance(tx, CLEARING) == Money(5960, "EUR")
        assert await ledger.check_books(tx) == []


async def test_batches_that_cross_book_everything_once(cell: Cell) -> None:
    async def batch(orders: list[int]) -> int:
        async def book(tx: object) -> int:
            return len(await ledger.post(tx, [a_sale(order) for order in orders]))  # type: ignore[arg-type]

        return await cell.run(book)

    forwards, backwards = list(range(1, 60)), list(range(80, 20, -1))
    async with asyncio.timeout(30):
        counts = await asyncio.gather(*(batch(forwards) for _ in range(4)), *(
            batch(backwards) for _ in range(4)))  # fmt: skip
    assert sum(counts) == 80
    async with cell.read() as tx:
        assert await ledger.get_balance(tx, CLEARING) == Money(80 * 2980, "EUR")
        assert await ledger.check_books(tx) == []


async def test_an_unbalanced_posting_leaves_no_trace(cell: Cell) -> None:
    bad = Posting("k", "test", None, [Entry(CLEARING, 5)])
    with pytest.raises(ledger.Unbalanced):
        async with cell.tx() as tx:
            await ledger.post(tx, [a_sale(1), bad])
    async with cell.read() as tx:
        assert await ledger.list_entries(tx, UUID(int=1)) == []


async def test_forged_books_are_found(cell: Cell) -> None:
    async with cell.tx() as tx:
        await ledger.post(tx, [a_sale(1), a_sale(2)])
        await tx.execute("update entry set minor = minor + 3 where n = 1 and minor > 0"
                         " and posting_id = (select id from posting where order_id = %s)",
                         (UUID(int=1),))  # fmt: skip
    async with cell.read() as tx:
        found = await ledger.check_books(tx)
    assert [(f.rule, f.minor) for f in found] == [
        ("posting does not sum to zero", 3),
        ("balance differs from its entries", -3),
    ]
