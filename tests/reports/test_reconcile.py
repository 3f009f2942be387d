"""Reconciliation: quiet when all adds up, and each rule found when it is broken."""

import pytest

from panier import ledger, orders
from panier.kit.cells import Cell
from panier.kit.db import Tx, run, value
from panier.kit.ids import new_id
from panier.reports import reconcile, reconcile_all
from panier.runtime import Runtime
from tests.buying import card, charges, fill_basket, placement
from tests.reports.rows import LIVE
from tests.shop import Shop, lay_shop


async def lay_paid_order(cell: Cell, runtime: Runtime) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    buyer = new_id()
    await fill_basket(cell, shop, buyer)
    await orders.check_out(cell, runtime.settings, placement(shop, buyer, await card(cell)))
    assert await charges(cell) == [("succeeded", 2980)]
    return shop


async def test_a_sale_adds_up(
    cell: Cell, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    await lay_paid_order(cell, runtime)
    assert await reconcile(cell) == []
    assert await reconcile_all(runtime)
    assert capsys.readouterr().out == f"{cell.name}: everything adds up\n"


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("balance differs from its entries", "update account set balance_minor = 1"),
        ("stock and its holds", "update stock set held = held + 1"),
        ("stock and its sales", "update stock set sold = sold + 1"),
        ("payment is paid, the provider has no money", "update sandbox_intent set minor = 1"),
        (
            "the provider has money that no payment knows of",
            """insert into sandbox_intent (id, market, key, minor, currency, state, at)
            values ('pi_x', 'FR', gen_random_uuid(), 100, 'EUR', 'succeeded',
                    now() - interval '1 hour')""",
        ),
        ("paid order not booked once", "update posting set kind = 'x' where kind = 'sale'"),
        ("event parked", "update event set parked = true"),
    ],
)
async def test_what_does_not_add_up_is_found(
    cell: Cell, runtime: Runtime, capsys: pytest.CaptureFixture[str], rule: str, sql: str
) -> None:
    await lay_paid_order(cell, runtime)
    async with cell.tx() as tx:
        await run(tx, sql)
    assert rule in {finding.rule for finding in await reconcile(cell)}
    assert not await reconcile_all(runtime)
    assert rule in capsys.readouterr().out


async def test_a_look_at_whole_tables_has_more_time_and_memory_than_others(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "select current_setting('statement_timeout') || ' ' || current_setting('work_mem')"
    found = []

    async def check(tx: Tx) -> list[ledger.Finding]:
        found.append(await value(tx, asked))
        return []

    monkeypatch.setattr(ledger, "check_books", check)
    assert await reconcile(cell) == []
    async with cell.read() as tx:
        found.append(await value(tx, asked))
    assert found == ["1h 64MB", "30s 4MB"]


async def test_a_gap_in_a_log_is_found(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await run(tx, "insert into room (show_id, market, seq) values (%s, 'FR', 2)", (shop.show,))
        await run(
            tx,
            "insert into room_log (show_id, seq, kind, body, at) values (%s, 2, 'live', '{}', %s)",
            (shop.show, LIVE),
        )
    assert [(f.rule, f.subject, f.off) for f in await reconcile(cell)] == [
        ("gap in a room's log", str(shop.show), 1)
    ]
