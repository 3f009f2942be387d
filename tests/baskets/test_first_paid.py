"""A basket in a show where who pays first gets it: over the socket and over HTTP."""

from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest

from panier import baskets, orders, stock
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.rooms import Call
from panier.settings import Settings
from tests.shop import Shop, lay_shop

SIGNER = Signer("a secret of at least thirty-two characters")
ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, units: int) -> Shop:
    """Lay a shop whose show sells to who pays first."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, units)
        await tx.execute("update show set stock_rule = 'first_paid'")
    return shop


def call(cell: Cell, settings: Settings, shop: Shop, who: UUID, **args: Any) -> Call:
    return Call(
        cell=cell, settings=settings, signer=SIGNER, market="FR", show=shop.show, visitor=who,
        person=None, name="Anna", author="a", staff=False, language="fr", stage="live",
        args=msgspec.Raw(msgspec.json.encode(args)),
    )  # fmt: skip


async def test_presses_over_the_socket_set_nothing_aside(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell, 2)

    def press(who: UUID, quantity: int) -> Call:
        wish = {"variant": str(shop.variant), "quantity": quantity, "key": str(new_id())}
        return call(cell, settings, shop, who, **wish)

    anna, ben = await baskets.add_all([press(ANNA, 2), press(BEN, 1)])
    assert not isinstance(anna, PanierError)
    assert not isinstance(ben, PanierError)
    assert [(a["quantity"], a["available"], a["aside"]) for a in (anna, ben)] == [
        (2, 2, False),
        (1, 2, False),
    ]
    elsewhere = stock.Wanted(new_id(), new_id(), shop.variant, 1, "FR", None, 480, 20)
    await stock.hold(cell, elsewhere)
    shown = await baskets.show(call(cell, settings, shop, ANNA), orders.find_open_parcels)
    [line] = shown.lines
    assert (line.quantity, line.unheld, line.left) == (2, 2, 1)
    shown = await baskets.show(call(cell, settings, shop, BEN), orders.find_open_parcels)
    assert [(line.unheld, line.left) for line in shown.lines] == [(1, None)]
    assert await baskets.drop(
        call(cell, settings, shop, ANNA, variant=str(shop.variant), quantity=2)
    ) == {"variant": shop.variant, "quantity": 0}


async def test_a_browser_wants_over_http_what_its_show_sells_to_who_pays_first(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 1)
    client.headers["accept"] = "application/json"

    async def press(show: UUID | None) -> dict[str, Any]:
        wish = {"variant": str(shop.variant), "quantity": 1, "key": str(new_id())}
        answer = await client.post(
            "/fr/api/basket", json=wish | ({"show": str(show)} if show else {})
        )
        return dict(answer.json())

    wanted = await press(shop.show)
    assert (wanted["aside"], wanted["available"], wanted["quantity"]) == (False, 1, 1)
    kept = await client.post("/fr/api/basket/extend")
    assert (kept.status_code, kept.json()["error"]["code"]) == (409, "nothing_to_extend")
    [line] = (await client.get("/fr/api/basket")).json()["lines"]
    assert (line["unheld"], line["left"]) == (1, None)
    # Outside of the show the basket holds as it always does.
    held = await press(None)
    assert (held["aside"], held["available"], held["quantity"]) == (True, 0, 2)
    [line] = (await client.get("/fr/api/basket")).json()["lines"]
    assert (line["quantity"], line["unheld"], line["left"]) == (2, 1, 0)
    assert line["expires_at"] == held["expires_at"]


@pytest.mark.parametrize(("rule", "aside"), [("hold", True), ("first_paid", False)])
async def test_presses_of_one_moment_follow_the_rule_of_their_show(
    cell: Cell,
    settings: Settings,
    rule: str,
    aside: bool,  # noqa: FBT001 - the other column
) -> None:
    shop = await lay(cell, 50)
    async with cell.tx() as tx:
        await tx.execute("update show set stock_rule = %s", (rule,))
    asked = [
        call(cell, settings, shop, UUID(int=n), variant=str(shop.variant), key=str(new_id()))
        for n in range(1, 21)
    ]
    answers = await baskets.add_all(asked)
    assert [not isinstance(a, PanierError) and a["aside"] for a in answers] == [aside] * 20
