"""Waiting for what is sold out: one offer at a time, in order, and no unit lost."""

from datetime import timedelta
from uuid import UUID

import httpx2
import msgspec
import pytest

from panier import events, rooms, shows, stock
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from panier.kit.delivery import Courier
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.settings import Settings
from panier.stock.handlers import end_allocations
from panier.stock.waiting import Lengths
from tests.shop import Shop
from tests.stock.laid import ANNA, BEN, CLEO, counts, kinds, lay, press

DORA = UUID(int=4)
ELSEWHERE = UUID(int=99)


async def queue(
    cell: Cell, shop: Shop, buyer: UUID, quantity: int = 1, show: UUID | None = None
) -> None:
    wish = stock.Wish(buyer, shop.variant, quantity, "FR", show or shop.show, 120, 20)
    async with cell.tx() as tx:
        await stock.wait(tx, wish)


async def places(cell: Cell, buyer: UUID) -> list[tuple[str, int]]:
    async with cell.read() as tx:
        return [(p.state, p.position) for p in await stock.list_places(tx, buyer, "FR")]


async def release(cell: Cell, shop: Shop, buyer: UUID, quantity: int = 1) -> None:
    async with cell.tx() as tx:
        await stock.release(tx, buyer, shop.variant, quantity, "FR")


async def expire(cell: Cell, buyer: UUID) -> None:
    async with cell.tx() as tx:
        await tx.execute(
            "update hold set expires_at = now() - interval '1 s' where buyer = %s"
            " and state = 'held'",
            (buyer,),
        )
    assert await stock.expire_holds(cell) == 1


async def states(cell: Cell) -> list[str]:
    async with cell.read() as tx:
        cursor = await tx.execute("select state from waiting order by at, id")
        return [row[0] for row in await cursor.fetchall()]


async def test_a_freed_unit_goes_to_the_next_in_line_and_to_nobody_else(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    await queue(cell, shop, CLEO)
    assert await places(cell, CLEO) == [("waiting", 2)]
    await release(cell, shop, ANNA)
    with pytest.raises(stock.SoldOut):
        await stock.hold(cell, press(shop, DORA))
    async with cell.read() as tx:
        [held] = await stock.list_holds(tx, BEN, "FR")
        [place] = await stock.list_places(tx, BEN, "FR")
    assert held.offered
    assert timedelta(seconds=118) < held.expires_at - now() <= timedelta(seconds=120)
    assert (place.state, place.position, place.offer_until) == ("offered", 0, held.expires_at)
    assert await places(cell, CLEO) == [("waiting", 1)]
    assert await counts(cell, shop) == (0, 1, 0)
    assert await kinds(cell) == ["SoldOut", "WaitingOffered"]


async def test_an_offer_that_is_not_taken_goes_on_to_the_next(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    for buyer in (BEN, CLEO, DORA):
        await queue(cell, shop, buyer)
    await release(cell, shop, ANNA)
    await expire(cell, BEN)
    assert await states(cell) == ["passed", "offered", "waiting"]
    await release(cell, shop, CLEO)
    assert await states(cell) == ["passed", "passed", "offered"]
    await expire(cell, DORA)
    assert await states(cell) == ["passed", "passed", "passed"]
    assert await counts(cell, shop) == (1, 0, 0)
    assert (await kinds(cell))[-2:] == ["BackInStock", "HoldExpired"]


async def test_an_offer_that_is_paid_is_taken_and_its_buyer_can_wait_again(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    await release(cell, shop, ANNA)
    checkout = new_id()
    async with cell.tx() as tx:
        await stock.claim(tx, [stock.Claim(checkout, BEN, "FR")], now() + timedelta(minutes=15))
        assert await stock.take(tx, [checkout]) == {checkout}
    assert await states(cell) == ["taken"]
    assert await counts(cell, shop) == (0, 0, 1)
    await queue(cell, shop, BEN)
    assert await places(cell, BEN) == [("waiting", 1)]


async def test_new_goods_serve_the_whole_line_and_the_rest_is_for_all(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN, 3)
    await queue(cell, shop, CLEO)
    async with cell.tx() as tx:
        await stock.restock(tx, shop.variant, 6, "FR")
    assert await states(cell) == ["offered", "offered"]
    assert await counts(cell, shop) == (2, 5, 0)
    assert (await kinds(cell))[-1] == "BackInStock"


async def test_who_waits_for_more_is_offered_what_there_is(cell: Cell) -> None:
    shop = await lay(cell, 2)
    await stock.hold(cell, press(shop, ANNA, quantity=2))
    await queue(cell, shop, BEN, 5)
    await release(cell, shop, ANNA)
    async with cell.read() as tx:
        [held] = await stock.list_holds(tx, BEN, "FR")
    assert held.quantity == 1


async def test_nobody_waits_for_what_is_there_nor_twice_nor_for_nothing(cell: Cell) -> None:
    shop = await lay(cell, 1)
    with pytest.raises(stock.StillThere):
        await queue(cell, shop, BEN)
    await stock.hold(cell, press(shop, ANNA))
    with pytest.raises(stock.HoldLimitReached):
        await queue(cell, shop, BEN, 21)
    for _ in range(2):
        await queue(cell, shop, BEN)
    assert await states(cell) == ["waiting"]
    shop.variant = new_id()
    with pytest.raises(NotFound):
        await queue(cell, shop, BEN)


async def lay_line(cell: Cell, shop: Shop, length: int) -> None:
    """Let `length` buyers, numbered from 1000, wait."""
    async with cell.tx() as tx:
        await tx.execute(
            "insert into waiting (id, variant_id, market, show_id, buyer, quantity, seconds, state,"
            " at) select gen_random_uuid(), %s, 'FR', %s, lpad(to_hex(n), 32, '0')::uuid, 1, 120,"
            " 'waiting', now() + n * interval '1 ms' from generate_series(1000, %s) n",
            (shop.variant, shop.show, 999 + length),
        )


async def test_far_behind_nobody_is_counted_one_by_one(cell: Cell) -> None:
    shop = await lay(cell, 0)
    await lay_line(cell, shop, 700)
    seen = [await places(cell, UUID(int=1000 + n)) for n in (0, 499, 500, 699)]
    assert seen == [[("waiting", n)] for n in (1, 500, 501, 501)]


async def test_a_line_takes_ten_thousand(cell: Cell) -> None:
    shop = await lay(cell, 0)
    await lay_line(cell, shop, 9_999)
    await queue(cell, shop, BEN)
    cell.memory(Lengths).counted.clear()  # a second goes by
    with pytest.raises(stock.LineFull):
        await queue(cell, shop, CLEO)


async def test_who_left_is_offered_nothing(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    async with cell.tx() as tx:
        await stock.leave(tx, BEN, shop.variant, "FR")
    await release(cell, shop, ANNA)
    assert await states(cell) == ["left"]
    assert await counts(cell, shop) == (1, 0, 0)


async def test_units_of_a_show_go_to_those_who_wait_in_it(cell: Cell) -> None:
    shop = await lay(cell, 2)
    async with cell.tx() as tx:
        await stock.allocate(tx, shop.show, shop.variant, 1, beyond=False, market="FR")
    await stock.hold(cell, press(shop, ANNA))
    await stock.hold(cell, press(shop, DORA, show=ELSEWHERE))
    await queue(cell, shop, BEN, show=ELSEWHERE)
    await queue(cell, shop, CLEO)
    await release(cell, shop, ANNA)
    assert await states(cell) == ["waiting", "offered"]
    await release(cell, shop, DORA)
    assert await states(cell) == ["offered", "offered"]
    assert await counts(cell, shop) == (0, 2, 0)


async def test_more_units_for_a_show_are_offered_in_it(cell: Cell) -> None:
    shop = await lay(cell, 2)
    async with cell.tx() as tx:
        await stock.allocate(tx, shop.show, shop.variant, 1, beyond=False, market="FR")
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    async with cell.tx() as tx:
        await stock.allocate(tx, shop.show, shop.variant, 1, beyond=True, market="FR")
    assert await states(cell) == ["offered"]
    assert await counts(cell, shop) == (0, 2, 0)


async def test_nobody_waits_in_a_show_that_is_over(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    async with cell.tx() as tx:
        await shows.end(tx, shop.show)
    await Courier(cell, {events.ShowEnded: [end_allocations]}).deliver_all()
    assert await states(cell) == ["left"]


async def test_a_basket_is_kept_longer_once(cell: Cell) -> None:
    shop = await lay(cell, 2)
    held = await stock.hold(cell, press(shop, ANNA))
    async with cell.tx() as tx:
        await stock.extend(tx, ANNA, "FR", 240)
        [longer] = await stock.list_holds(tx, ANNA, "FR")
    assert longer.expires_at == held.expires_at + timedelta(seconds=240)
    assert longer.extended
    await stock.hold(cell, press(shop, ANNA))
    async with cell.tx() as tx:
        assert len(await stock.extend(tx, ANNA, "FR", 240)) == 1  # only the new one
    with pytest.raises(stock.NothingToExtend):
        async with cell.tx() as tx:
            await stock.extend(tx, ANNA, "FR", 240)


async def test_an_offer_is_not_kept_longer(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop, BEN)
    await release(cell, shop, ANNA)
    with pytest.raises(stock.NothingToExtend):
        async with cell.tx() as tx:
            await stock.extend(tx, BEN, "FR", 240)


async def test_the_rooms_socket_waits_leaves_and_keeps_the_basket(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    variant = str(shop.variant)
    await stock.hold(cell, press(shop, BEN))

    def call(buyer: UUID, **args: object) -> rooms.Call:
        return rooms.Call(
            cell=cell, settings=settings, market="FR", show=shop.show,
            signer=Signer("a secret of tests, long enough to sign"),
            visitor=buyer, person=None, name="Anna", author="a", staff=False, language="fr",
            stage="live", args=msgspec.Raw(msgspec.json.encode(args)),
        )  # fmt: skip

    [place] = await stock.wait_by_socket(call(ANNA, variant=variant))
    assert (place["state"], place["position"], place["quantity"]) == ("waiting", 1, 1)
    assert await stock.places_by_socket(call(ANNA)) == [place]
    assert await stock.unwait_by_socket(call(ANNA, variant=variant)) == []
    [kept] = await stock.extend_by_socket(call(BEN))
    assert kept["extended"] is True
    with pytest.raises(stock.NothingToExtend):
        await stock.extend_by_socket(call(BEN))
    with pytest.raises(BadInput):
        await stock.wait_by_socket(call(ANNA, variant=variant, quantity=0))
    await stock.wait_by_socket(call(ANNA, variant=variant))
    await release(cell, shop, BEN)
    [offer] = await stock.places_by_socket(call(ANNA))
    assert (offer["state"], offer["position"]) == ("offered", 0)
    assert ms(now()) + 118_000 < offer["offer_until"] <= ms(now()) + 120_000


async def test_a_browser_waits_leaves_and_keeps_its_basket(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 2)
    path = f"/fr/api/waiting/{shop.variant}"
    client.headers["accept"] = "application/json"
    there = await client.put(path, json={"quantity": 1})
    assert (there.status_code, there.json()["error"]["code"]) == (409, "still_there")
    wanted = {"variant": str(shop.variant), "quantity": 1, "key": str(new_id())}
    assert (await client.post("/fr/api/basket", json=wanted)).status_code == 200
    [longer] = (await client.post("/fr/api/basket/extend")).json()
    assert longer["extended"] is True
    again = await client.post("/fr/api/basket/extend")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "nothing_to_extend")
    await stock.hold(cell, press(shop, ANNA))
    for _ in range(2):
        answer = await client.put(path, json={"quantity": 1, "show": str(shop.show)})
        assert answer.json() == [
            {
                "variant": str(shop.variant),
                "quantity": 1,
                "state": "waiting",
                "position": 1,
                "offer_until": None,
            }
        ]
    assert (await client.get("/fr/api/waiting")).json() == answer.json()
    assert (await client.put(path, json={"quantity": 0})).status_code == 422
    unknown = await client.put(f"/fr/api/waiting/{new_id()}", json={})
    assert unknown.status_code == 404
    assert (await client.delete(path)).json() == []


async def test_what_a_browser_waited_for_lies_in_its_basket_as_an_offer(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 1)
    client.headers["accept"] = "application/json"
    await stock.hold(cell, press(shop, ANNA))
    wish = {"show": str(shop.show)}
    await client.put(f"/fr/api/waiting/{shop.variant}", json=wish)
    assert (await client.get("/fr/api/basket")).json()["lines"] == []
    await release(cell, shop, ANNA)
    [place] = (await client.get("/fr/api/waiting")).json()
    [line] = (await client.get("/fr/api/basket")).json()["lines"]
    assert (line["offered"], line["extended"], line["quantity"]) == (True, False, 1)
    assert line["expires_at"] == place["offer_until"]
    refusal = await client.post("/fr/api/basket/extend")
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (409, "nothing_to_extend")


async def test_a_basket_tells_that_it_was_kept_longer(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 1)
    client.headers["accept"] = "application/json"
    wanted = {"variant": str(shop.variant), "quantity": 1, "key": str(new_id())}
    await client.post("/fr/api/basket", json=wanted)
    [first] = (await client.get("/fr/api/basket")).json()["lines"]
    await client.post("/fr/api/basket/extend")
    [longer] = (await client.get("/fr/api/basket")).json()["lines"]
    assert (first["extended"], longer["extended"], longer["offered"]) == (False, True, False)
    assert longer["expires_at"] == first["expires_at"] + 240_000
