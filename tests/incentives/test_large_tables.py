"""A list of vouchers reads their uses once, however many one of them has."""

from panier.incentives.queries import LISTED
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from tests.plans import rows_read
from tests.shop import lay_shop

VOUCHERS = """
insert into voucher (id, code, market, kind, basis_points, currency, funding_basis_points,
  markets, valid_from, at)
select gen_random_uuid(), 'CODE' || n, 'FR', 'percent', 1000, 'EUR', 10000, '{FR}', now(), now()
from generate_series(1, 200) n
"""
USES = """
insert into voucher_use (checkout_id, voucher_id, market, buyer, email_digest, state, currency,
  minor, platform_minor, at)
select gen_random_uuid(), v.id, 'FR', gen_random_uuid(), '', 'confirmed', 'EUR', 100, 100, now()
from voucher v, generate_series(1, 5000) where v.code = 'CODE1'
"""
ONE_BY_ONE = """
select v.id, u.confirmed from voucher v cross join lateral (
  select count(*) as confirmed from voucher_use where voucher_id = v.id) u
"""


async def lay_vouchers(tx: Tx) -> None:
    """Lay 200 vouchers, all uses of which are of one."""
    await lay_shop(tx)
    await tx.execute(VOUCHERS)
    await tx.execute(USES)
    await tx.execute("analyze voucher, voucher_use")


async def test_the_uses_of_all_vouchers_are_read_once(cell: Cell) -> None:
    async with cell.tx() as tx:
        await lay_vouchers(tx)
        given = {"market": "FR", "sellers": None, "at": now(), "limit": 500}
        assert await rows_read(tx, LISTED, given) <= 5500
        assert await rows_read(tx, ONE_BY_ONE, {}) > 500_000  # each voucher reads all
