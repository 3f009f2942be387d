"""A seller's consent to deals: agreed beforehand, asked for, answered once; nobody else's word."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import incentives, people, rooms, shows
from panier.incentives import DealNotAgreed, RequestDecided
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.delivery import Courier
from panier.kit.errors import BadInput, NotFound
from panier.kit.signing import Signer
from panier.rooms import Call
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests.door import browser, give_role, sign_up
from tests.incentives.laid import let_hosts
from tests.shop import Shop, lay_shop, lay_variant

ANNA = UUID(int=1)


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def let(cell: Cell, shop: Shop, product: UUID | None = None, **changes: Any) -> UUID:
    async with cell.tx() as tx:
        return await let_hosts(tx, shop, product, **changes)


async def announce(
    cell: Cell, shop: Shop, minor: int = 1490, units: int = 5, by: UUID | None = None
) -> incentives.Deal:
    given = incentives.NewDeal(
        product=shop.product, prices={shop.variant: minor}, countdown=10, seconds=60, units=units,
        buyer_max=1,
    )  # fmt: skip
    async with cell.tx() as tx:
        return await incentives.announce(tx, shop.show, given, by)


async def end(cell: Cell, shop: Shop) -> None:
    async with cell.tx() as tx:
        await incentives.end_deal(tx, shop.show)


async def ask(cell: Cell, shop: Shop, minor: int = 990, units: int = 8) -> incentives.Request:
    async with cell.tx() as tx:
        return await incentives.ask(
            tx, shop.show, shop.product, {shop.variant: minor}, units=units, by=shop.host
        )


async def employ(cell: Cell, shop: Shop, person: UUID) -> None:
    async with cell.tx() as tx:
        await people.grant_role(tx, person, "seller", "FR", shop.seller)


async def bases(cell: Cell) -> list[tuple[bool, bool]]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select agreement_id is not null, request_id is not null from deal order by at, id"
        )
        return await cursor.fetchall()


async def test_without_a_word_of_the_seller_only_their_own_staff_makes_deals(cell: Cell) -> None:
    shop = await lay(cell)
    for by in (None, shop.host):
        with pytest.raises(DealNotAgreed) as refused:
            await announce(cell, shop, by=by)
        assert refused.value.message("en") == (
            "Maison Lumen has not agreed to this deal;"
            " ask them, or stay within what they agreed to."
        )
    await employ(cell, shop, shop.host)
    await announce(cell, shop, by=shop.host)
    assert await bases(cell) == [(False, False)]


async def test_a_part_off_the_price_of_the_day_is_counted_to_the_cent(cell: Cell) -> None:
    shop = await lay(cell)
    await let(cell, shop, basis_points=3333)
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=1660)  # two thirds of 24.90 is 16.6008
    await announce(cell, shop, minor=1661)
    assert await bases(cell) == [(True, False)]


async def test_what_is_agreed_for_one_product_stands_before_what_is_for_all(cell: Cell) -> None:
    shop = await lay(cell)
    await let(cell, shop)
    await let(cell, shop, shop.product, floor_minor=2000)
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=1999)
    await announce(cell, shop, minor=2000)
    await end(cell, shop)
    await let(cell, shop, shop.product, basis_points=5000, units=0)  # none of this one
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=2400)


@pytest.mark.parametrize(
    "changes",
    [
        {"units": 4},
        {"valid_from": now() + timedelta(days=1)},
        {"valid_until": now() + timedelta(seconds=65)},  # it would end five seconds later
    ],
)
async def test_units_and_days_beyond_the_agreement_are_refused(
    cell: Cell, changes: dict[str, Any]
) -> None:
    shop = await lay(cell)
    await let(cell, shop, **changes)
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop)


async def test_units_come_back_once_no_basket_can_claim_them(cell: Cell) -> None:
    shop = await lay(cell)
    await let(cell, shop, units=7)
    await announce(cell, shop)
    await end(cell, shop)  # in its countdown: nobody met it
    await announce(cell, shop)
    async with cell.tx() as tx:
        await tx.execute(
            "update deal set opens_at = now() - interval '1 min', state = 'open', taken = 2"
            " where state <> 'closed'"
        )
    await end(cell, shop)
    with pytest.raises(DealNotAgreed):  # baskets may hold the other three still
        await announce(cell, shop)
    async with cell.tx() as tx:
        await tx.execute(
            "update deal set opens_at = opens_at - interval '31 min',"
            " closes_at = closes_at - interval '31 min'"
        )
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, units=6)
    await announce(cell, shop, units=5)


async def test_a_host_asks_and_has_one_deal_for_one_yes(cell: Cell) -> None:
    shop = await lay(cell)
    asked = await ask(cell, shop)
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=990)
    async with cell.tx() as tx:
        for _ in range(2):  # pressed twice
            await incentives.decide(tx, asked.id, shop.host, agree=True)
        with pytest.raises(RequestDecided):
            await incentives.decide(tx, asked.id, shop.host, agree=False)
    for minor, units in ((989, 8), (990, 9)):
        with pytest.raises(DealNotAgreed):
            await announce(cell, shop, minor=minor, units=units)
    await announce(cell, shop, minor=990, units=8)
    await end(cell, shop)
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=990, units=8)
    assert await bases(cell) == [(False, True)]


async def test_a_price_that_was_not_asked_for_is_not_agreed_to(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        other = await lay_variant(tx, shop.product, 5, 4000)
    asked = await ask(cell, shop)
    async with cell.tx() as tx:
        await incentives.decide(tx, asked.id, shop.host, agree=True)
        given = incentives.NewDeal(
            product=shop.product, prices={shop.variant: 990, other: 3000}, countdown=10,
            seconds=60, units=5, buyer_max=1,
        )  # fmt: skip
        with pytest.raises(DealNotAgreed):
            await incentives.announce(tx, shop.show, given, None)


async def test_an_answer_that_is_late_or_to_something_taken_back_changes_nothing(
    cell: Cell,
) -> None:
    shop = await lay(cell)
    first = await ask(cell, shop)
    second = await ask(cell, shop, minor=1090)
    async with cell.tx() as tx:
        with pytest.raises(RequestDecided):
            await incentives.decide(tx, first.id, shop.host, agree=True)
        await tx.execute("update deal_request set expires_at = now()")
        with pytest.raises(RequestDecided):
            await incentives.decide(tx, second.id, shop.host, agree=True)
        assert (await incentives.get_request(tx, second.id)).state == "expired"
    with pytest.raises(DealNotAgreed):
        await announce(cell, shop, minor=1090)


async def test_nonsense_is_not_agreed_to_or_asked_for(cell: Cell) -> None:
    shop, other = await lay(cell), await lay(cell)
    for changes in ({"basis_points": None}, {"basis_points": 10_000}, {"units": -1}):
        with pytest.raises(BadInput):
            await let(cell, shop, **changes)
    with pytest.raises(BadInput):
        await let(cell, shop, floor_minor=100)  # of all products
    with pytest.raises(NotFound):
        await let(cell, shop, other.product)
    with pytest.raises(BadInput):
        await ask(cell, shop, units=0)
    async with cell.tx() as tx:
        await shows.end(tx, shop.show)
    with pytest.raises(incentives.DealOffAir):
        await ask(cell, shop)


async def test_the_seller_is_written_to_once_in_their_language(
    cell: Cell, runtime: Runtime
) -> None:
    shop = await lay(cell)
    await employ(cell, shop, shop.host)  # Camille reads French
    asked = await ask(cell, shop)
    for _ in range(2):
        await Courier(cell, REACTIONS).deliver_all()
    async with cell.read() as tx:
        cursor = await tx.execute("select recipient, body_text from mail")
        ((recipient, text),) = await cursor.fetchall()
    assert recipient.startswith("host-")
    assert "9,90\xa0€" in text
    assert "Bougie" in text
    assert f"{runtime.settings.public_web_url}/fr/seller/deals#{asked.id}" in text


def call(cell: Cell, settings: Settings, shop: Shop, person: UUID | None) -> Call:
    args = {
        "product": str(shop.product), "prices": {str(shop.variant): 1490}, "countdown": 30,
        "seconds": 60, "units": 5, "buyer_max": 1,
    }  # fmt: skip
    return Call(
        cell=cell, settings=settings, signer=Signer("a secret of at least thirty-two characters"),
        market="FR", show=shop.show, visitor=ANNA, person=person, name="Anna", author="a",
        staff=True, language="fr", stage="live", args=msgspec.Raw(msgspec.json.encode(args)),
    )  # fmt: skip


async def test_the_socket_asks_for_the_same_consent(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    with pytest.raises(DealNotAgreed):
        await incentives.start(call(cell, settings, shop, shop.host))
    await employ(cell, shop, shop.host)
    await incentives.start(call(cell, settings, shop, shop.host))


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a browser signed in as Anna, in English."""
    async with browser(app) as opened:
        await sign_up(opened)
        await opened.post("/fr/language", data={"language": "en", "back": "/fr/"})
        yield opened


async def anna(tx: Tx) -> UUID:
    found = await people.find_person_by_email(tx, "anna@example.com")
    assert found
    return found.id


async def test_only_the_sellers_own_staff_answers_and_agrees(
    cell: Cell, client: httpx2.AsyncClient, app: FastAPI
) -> None:
    shop, other = await lay(cell), await lay(cell)
    asked = await ask(cell, shop)
    bounds = {"seller": str(shop.seller), "percent": "20", "units": "50"}
    answer = f"/fr/seller/deals/requests/{asked.id}"
    async with browser(app, address="203.0.113.9") as stranger:
        assert (await stranger.get("/fr/seller/deals")).status_code == 303
        assert (await stranger.post(answer, data={"answer": "agree"})).status_code == 401
    assert (await client.get("/fr/seller/deals")).status_code == 403
    assert (await client.post(answer, data={"answer": "agree"})).status_code == 403
    await give_role(cell, "market")
    page = await client.get("/fr/seller/deals")
    assert "Hosts ask you" in page.text
    assert "Agree</button>" not in page.text  # the team sees, and agrees to nothing
    assert (await client.post(answer, data={"answer": "agree"})).status_code == 403
    assert (await client.post("/fr/seller/deals", data=bounds)).status_code == 403
    async with cell.tx() as tx:
        person = await anna(tx)
    await employ(cell, other, person)
    assert (await client.post(answer, data={"answer": "agree"})).status_code == 404
    assert (await client.post("/fr/seller/deals", data=bounds)).status_code == 422
    await employ(cell, shop, person)
    done = await client.post(answer, data={"answer": "agree"})
    assert done.headers["location"].endswith("?said=agreed")
    late = await client.post(answer, data={"answer": "refuse"})
    assert late.headers["location"].endswith("?said=late")
    async with cell.read() as tx:
        assert await value(tx, "select state from deal_request") == "agreed"
        assert await value(tx, "select decided_by from deal_request") == person


async def test_the_page_sets_shows_and_ends_bounds_and_sends_a_file(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        person = await anna(tx)
    await employ(cell, shop, person)
    empty = await client.get("/fr/seller/deals")
    assert "for every deal a host has to ask" in empty.text
    plain = {"seller": str(shop.seller), "units": "50"}
    for wrong in ({}, {"percent": "0"}, {"percent": "20", "units": "many"}, {"floor": "9.90"},
                  {"percent": "20", "last_day": "yesterday"},
                  {"percent": "20", "product": "x"}):  # fmt: skip
        refused = await client.post("/fr/seller/deals", data={**plain, **wrong})
        assert refused.status_code == 422, wrong
        assert "Nothing has changed yet" in refused.text
    done = await client.post("/fr/seller/deals", data={**plain, "percent": "40"})
    assert done.status_code == 303
    one = {**plain, "product": str(shop.product), "floor": "14,90", "last_day": "2099-12-31"}
    assert (await client.post("/fr/seller/deals", data=one)).status_code == 303
    page = await client.get("/fr/seller/deals")
    assert "at most 40% off" in page.text
    assert "no lower than €14.90" in page.text
    await announce(cell, shop)
    sheet = await client.get("/fr/seller/deals.csv")
    (row,) = csv.DictReader(io.StringIO(sheet.text))
    assert (row["price_minor"], row["units"], row["units_taken"], row["basis"]) == (
        "1490", "5", "0", "agreement",
    )  # fmt: skip
    async with cell.read() as tx:
        found = await incentives.find_agreement(tx, "FR", shop.seller, shop.product)
        assert found
        assert found.left == 45
    ended = await client.post(f"/fr/seller/deals/{found.id}/end")
    assert ended.status_code == 303
    assert "no lower than €14.90" not in (await client.get("/fr/seller/deals")).text


async def test_the_crew_reads_how_far_it_may_go_and_viewers_never_do(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await let(cell, shop, basis_points=4000, units=30)
    address = f"/fr/api/shows/{shop.show}/deals"
    question = {"product": str(shop.product), "prices": {str(shop.variant): 990}, "units": 8}
    client.headers["accept"] = "application/json"
    assert (await client.get(f"{address}/agreed")).status_code == 403
    assert (await client.post(f"{address}/ask", json=question)).status_code == 403
    await give_role(cell, "market")
    told = (await client.get(f"{address}/agreed")).json()
    assert told["agreed"] == [
        {
            "product": str(shop.product), "seller": "Maison Lumen", "own": False,
            "lowest": {str(shop.variant): 1494}, "units": 30, "until": None,
        }
    ]  # fmt: skip
    made = await client.post(f"{address}/ask", json=question)
    assert made.status_code == 201
    told = (await client.get(f"{address}/agreed")).json()
    assert [(one["state"], one["units"]) for one in told["requests"]] == [("asked", 8)]
    bad = await client.post(f"{address}/ask", json={**question, "floor": 1})
    assert bad.status_code == 422
    # What a viewer is told, and what they may open, names no bounds.
    await announce(cell, shop, minor=1500)
    async with cell.read() as tx:
        state = await rooms.load_state(tx, shop.show, 1_000)
        facts = await rooms.list_facts(tx, shop.show, 0)
    page = await client.get(f"/fr/live/{await slug(cell, shop)}", headers={"accept": "text/html"})
    for text in (repr(state.deal), repr(facts), page.text):
        assert "1494" not in text
        assert "4000" not in text


async def slug(cell: Cell, shop: Shop) -> str:
    async with cell.read() as tx:
        return (await shows.get_show(tx, shop.show)).slug
