"""What finance would not sign of parcels and refunds is found, each rule when it is broken."""

import pytest

from panier import parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.parcels import Ask, Reason, Wanted
from panier.settings import Settings
from tests.parcels import sold as laid


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("refund is not booked", "update posting set key = 'x' where kind = 'refund'"),
        ("refund is booked too early", "update order_refund set state = 'asked'"),
        ("refund and its lines differ", "update order_refund set minor = minor + 1"),
        ("refund and the provider differ", "update payment_refund set minor = minor - 1"),
        ("refunds and their count differ", "update fulfilment set refunded_minor = 0"),
        ("parcels and their count differ", "update parcel_line set quantity = quantity + 1"),
        ("refunds exceed a part of the line", "update order_refund_line set vat_minor = 10000"),
    ],
)
async def test_what_does_not_add_up_is_found(
    cell: Cell, settings: Settings, rule: str, sql: str
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = Ask(new_id(), Reason.GOODWILL, Wanted({}, {dear: 1000}))
    await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
    await laid.work(cell, settings)
    async with cell.tx() as tx:
        assert await parcels.check_parcels(tx) == []
        await tx.execute(sql)
        assert rule in {finding.rule for finding in await parcels.check_parcels(tx)}
