"""Many shows draw on one agreement: never more units than agreed. Without the lock, more.

Also one question answered at once by two of the seller's staff, and one yes used by two deals.
"""

import asyncio
from uuid import UUID

import pytest

from panier import incentives
from panier.incentives import consent
from panier.incentives.agreed import find_agreement
from panier.incentives.deal_rules import Agreement
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from tests.incentives.laid import let_hosts
from tests.shop import OPENED, Shop, lay_shop, lay_variant

SHOWS = 6


async def lay(cell: Cell, units: int) -> tuple[Shop, list[tuple[UUID, UUID]]]:
    """Lay one seller's product on the run sheets of six shows on air, a variant for each.

    A variant each, because a deal announced before makes the next at its price no reduction.
    """
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        shown = [new_id() for _ in range(SHOWS)]
        for show in shown:
            await tx.execute(
                "insert into show (id, market, slug, title, language, host_id, state, starts_at,"
                " live_at, at) values (%s, 'FR', %s, 'Lights', 'fr', %s, 'live', %s, %s, %s)",
                (show, f"l-{show.hex[-8:]}", shop.host, OPENED, OPENED, OPENED),
            )
            await tx.execute("insert into run_sheet values (%s, 1, %s)", (show, shop.product))
        await let_hosts(tx, shop, units=units)
        variants = [await lay_variant(tx, shop.product, 10, 2490) for _ in shown]
    return shop, list(zip(shown, variants, strict=True))


async def announce(
    cell: Cell, shop: Shop, show: UUID, variant: UUID | None = None, minor: int = 1490
) -> str:
    prices = {variant or shop.variant: minor}
    given = incentives.NewDeal(
        product=shop.product, prices=prices, countdown=10, seconds=60, units=5, buyer_max=1
    )
    try:
        await cell.run(lambda tx: incentives.announce(tx, show, given, None))
    except PanierError as refusal:
        return refusal.code
    return "announced"


async def promised(cell: Cell) -> int:
    async with cell.read() as tx:
        return int(await value(tx, "select coalesce(sum(units), 0) from deal"))


async def test_six_shows_at_once_promise_no_more_units_than_agreed(cell: Cell) -> None:
    shop, shown = await lay(cell, 12)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(announce(cell, shop, *pair) for pair in shown))
    assert sorted(answers) == ["announced"] * 2 + ["deal_not_agreed"] * 4
    assert await promised(cell) == 10


async def test_without_the_lock_the_shows_promise_more(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, shown = await lay(cell, 12)
    barrier = asyncio.Barrier(SHOWS)

    async def unlocked(tx: Tx, market: str, seller: UUID, product: UUID) -> Agreement | None:
        found = await find_agreement(tx, market, seller, product)
        await barrier.wait()
        return found

    monkeypatch.setattr(consent, "lock_agreement", unlocked)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(announce(cell, shop, *pair) for pair in shown))
    assert answers == ["announced"] * SHOWS
    assert await promised(cell) == 30  # 12 were agreed to


async def ask(cell: Cell, shop: Shop) -> UUID:
    async with cell.tx() as tx:
        prices = {shop.variant: 100}
        asked = await incentives.ask(tx, shop.show, shop.product, prices, units=5, by=shop.host)
        return asked.id


async def answer(cell: Cell, request: UUID, by: UUID, *, agree: bool) -> str:
    try:
        await cell.run(lambda tx: incentives.decide(tx, request, by, agree=agree))
    except incentives.RequestDecided as refusal:
        return refusal.code
    return "agreed" if agree else "refused"


async def test_a_yes_and_a_no_at_once_are_one_answer(cell: Cell) -> None:
    shop, _ = await lay(cell, 0)
    for _ in range(8):
        request = await ask(cell, shop)
        async with asyncio.timeout(30):
            answers = await asyncio.gather(
                *(answer(cell, request, shop.host, agree=n % 2 == 0) for n in range(6))
            )
        async with cell.read() as tx:
            state = (await incentives.get_request(tx, request)).state
        assert sorted(answers) == sorted([state] * 3 + ["deal_request_decided"] * 3)


async def test_without_the_guard_a_no_overwrites_a_yes(cell: Cell) -> None:
    shop, _ = await lay(cell, 0)
    request, barrier = await ask(cell, shop), asyncio.Barrier(2)

    async def look_then_write(state: str) -> str:
        async with cell.tx() as tx:
            found = await incentives.get_request(tx, request)
            assert found.state == "asked"
            await barrier.wait()
            await tx.execute(
                "update deal_request set state = %s, decided_by = %s, decided_at = now()"
                " where id = %s",
                (state, shop.host, request),
            )
        return state

    async with asyncio.timeout(30):
        answers = await asyncio.gather(look_then_write("agreed"), look_then_write("refused"))
    assert list(answers) == ["agreed", "refused"]  # both were told that theirs holds


async def test_one_yes_is_one_deal_however_often_it_is_pressed(cell: Cell) -> None:
    shop, _ = await lay(cell, 0)
    await answer(cell, await ask(cell, shop), shop.host, agree=True)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(announce(cell, shop, shop.show, minor=100) for _ in range(6))
        )
    assert answers.count("announced") == 1
    assert await promised(cell) == 5
