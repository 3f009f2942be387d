"""What is in a parcel is found without a look at the parcels of all others."""

from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.parcels.queries import INSIDE
from panier.settings import Settings
from tests.parcels import sold as laid
from tests.parcels.sold import Sold
from tests.plans import rows_read

OTHERS = """
with sent as (
  insert into parcel (id, order_id, market, carrier, tracking, state, shipped_at, ended_at)
  select gen_random_uuid(), %(order)s, 'FR', 'colissimo', '', 'delivered', now(), now()
  from generate_series(1, 3000) returning id)
insert into parcel_line (parcel_id, order_id, n, quantity) select id, %(order)s, 1, 1 from sent
"""
BY_ORDER = "select parcel_id, n, quantity from parcel_line where order_id = any(%s)"


async def lay_others(tx: Tx, sold: Sold) -> None:
    """Let another order have very many parcels."""
    await tx.execute(OTHERS, {"order": sold.order})
    await tx.execute("analyze parcel, parcel_line")


async def test_what_is_in_a_parcel_is_found_by_its_key(cell: Cell, settings: Settings) -> None:
    sold, other = [await laid.sell(cell, settings) for _ in range(2)]
    parcel = await laid.ship(cell, sold)
    async with cell.tx() as tx:
        await lay_others(tx, other)
        assert await rows_read(tx, INSIDE, ([parcel], [])) == 2
        assert await rows_read(tx, BY_ORDER, ([sold.order],)) >= 3000  # without an index
