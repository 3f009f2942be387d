"""Disputes that do not add up are found; how one stands is told to buyer and seller."""

import httpx2
import pytest
from fastapi import FastAPI

from panier import orders
from panier.kit.cells import Cell
from panier.kit.db import run
from panier.reports import reconcile
from panier.runtime import Runtime
from panier.settings import Settings
from tests.door import browser, give_role, sign_up
from tests.parcels.disputed import (
    decide,
    hear,
    sell_disputed,
)


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("dispute is not booked", "update posting set key = 'x' where kind = 'dispute'"),
        ("dispute and its end differ", "update dispute set state = 'won'"),
        ("dispute took money that is not lost", "update dispute set state = 'open'"),
        ("lost dispute and what it took differ", "update dispute set minor = minor - 1"),
        (
            "lost dispute and what it took differ",
            "update order_refund set minor = minor - 1 where dispute_id is not null",
        ),
        (
            "refund is not booked",
            "update posting set key = 'x' where kind = 'dispute_lost'",
        ),
        (
            "disputed money differs from what banks hold",
            "update account set balance_minor = 5 where kind = 'dispute'",
        ),
        (
            "more was taken back than was sold",
            """update entry set minor = minor * 3
               where posting_id in (select id from posting where kind = 'dispute_lost')""",
        ),
        ("the provider knows another dispute", "update sandbox_dispute set minor = minor - 1"),
        ("the provider decided a dispute otherwise", "update sandbox_dispute set state = 'won'"),
        (
            "the provider has a dispute that we never heard of",
            "update sandbox_dispute set id = 'dp_x', at = now() - interval '1 hour'",
        ),
        (
            "the provider has another sum than the books",
            "update sandbox_dispute set minor = minor - 1",
        ),
    ],
)
async def test_what_does_not_add_up_is_found(
    cell: Cell, settings: Settings, app: FastAPI, rule: str, sql: str
) -> None:
    await sell_disputed(cell, settings)
    await hear(cell, settings, app)
    await decide(cell, settings, app, won=False)
    async with cell.tx() as tx:
        await run(tx, sql)
    assert rule in {finding.rule for finding in await reconcile(cell)}


async def test_buyer_and_seller_read_how_the_dispute_stands(
    cell: Cell, settings: Settings, app: FastAPI, runtime: Runtime, client: httpx2.AsyncClient
) -> None:
    sold = await sell_disputed(cell, settings)
    await hear(cell, settings, app)
    token = runtime.signer.sign(orders.ORDER_PAGE, {"checkout": str(sold.placed.checkout)})
    page = await client.get(f"/fr/order/{token}")
    assert "Your bank has taken this payment back and looks into it" in page.text
    async with browser(app) as office:
        await sign_up(office)
        await office.post("/fr/language", data={"language": "en", "back": "/fr/"})
        await give_role(cell, "market")
        theirs = await office.get(f"/fr/seller/orders/{sold.order}")
        assert "bank has taken this payment back and looks into it" in theirs.text
        await decide(cell, settings, app, won=False)
        theirs = await office.get(f"/fr/seller/orders/{sold.order}")
    assert '<span class="badge">Money back</span>' in theirs.text  # there is nothing left to send
    assert "Held by the buyer" in theirs.text  # among the entries
    page = await client.get(f"/fr/order/{token}")
    assert "looks into it" not in page.text
    assert "Your bank gave it back to you on" in page.text
