"""How often a buyer used a voucher is looked up by three marks, never by reading all its uses."""

from uuid import UUID

import pytest

from panier import incentives
from panier.incentives import deal_till, queries
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from tests.incentives.laid import enter, lay_voucher, redeem, who
from tests.shop import Shop, lay_shop

USES = 20_000
FILL = """
insert into voucher_use (checkout_id, voucher_id, market, buyer, person_id, email_digest, state,
                         currency, minor, platform_minor, at)
select gen_random_uuid(), %s, 'FR', gen_random_uuid(),
       case when n %% 10 = 0 then gen_random_uuid() end, sha256(n::text::bytea), 'confirmed', 'EUR',
       100, 100, now() from generate_series(1, %s) n
"""


MARKS = ("buyer", "person_id", "email_digest")


async def plan_of(cell: Cell, sql: str, *, analyse: bool = False) -> list[str]:
    async with cell.read() as tx:
        if analyse:
            await tx.execute("analyze voucher_use")
        asked = ([0], [new_id()], [UUID(int=1)], [new_id()], [b"x"])
        cursor = await tx.execute("explain " + sql, asked)
        return [row[0].strip() for row in await cursor.fetchall()]


def each_mark_is_looked_up(plan: list[str]) -> bool:
    """Tell whether every mark narrows an index, and nothing is read beside."""
    found = [line for line in plan if line.startswith("Index Cond:")]
    return not any("Seq Scan" in line for line in plan) and all(
        any(f"= w.{mark}" in line for line in found) for mark in MARKS
    )


@pytest.mark.parametrize("sql", [queries.MINE, deal_till.MINE])
async def test_a_plan_made_while_nothing_was_sold_yet_serves_a_rush(cell: Cell, sql: str) -> None:
    assert each_mark_is_looked_up(await plan_of(cell, sql))


async def test_the_old_question_with_or_would_have_read_all_uses(cell: Cell) -> None:
    old = """
    select w.n, (select count(*) from voucher_use u where u.voucher_id = w.voucher_id
      and (u.buyer = w.buyer or u.person_id = w.person_id or u.email_digest = w.email_digest))
    from unnest(%s::int[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[])
      w(n, voucher_id, buyer, person_id, email_digest)
    """
    assert not each_mark_is_looked_up(await plan_of(cell, old))


async def test_uses_of_a_buyer_are_looked_up_among_many(cell: Cell) -> None:
    async with cell.tx() as tx:
        await lay_shop(tx)
    voucher = await lay_voucher(cell)
    async with cell.tx() as tx:
        await tx.execute(FILL, (voucher.id, USES))
    assert each_mark_is_looked_up(await plan_of(cell, queries.MINE))
    assert each_mark_is_looked_up(await plan_of(cell, queries.MINE, analyse=True))


async def test_who_is_known_by_all_three_marks_is_counted_once(cell: Cell) -> None:
    shop = await lay_one(cell)
    buyer = who(1, "anna@example.org", UUID(int=7))
    await enter(cell, buyer)
    await redeem(cell, shop, buyer)
    voucher = await cell.run(lambda tx: incentives.find_voucher(tx, "TEN"))
    assert voucher
    strangers = [who(2), who(3, "anna@example.org"), who(4, person=UUID(int=7)), buyer]
    async with cell.read() as tx:
        counts = await queries.count_mine(tx, [(one, voucher.id) for one in strangers])
    assert counts == [0, 1, 1, 1]


async def lay_one(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await lay_voucher(cell)
    return shop
