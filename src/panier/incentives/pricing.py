"""What a deal's prices are, and what they are reduced from."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from panier import catalog, shows
from panier.kit.db import Tx
from panier.kit.errors import BadInput
from panier.kit.i18n import _
from panier.kit.money import Money
from panier.shows import Show


async def price_deal(
    tx: Tx, show: Show, product: UUID, prices: Mapping[UUID, int], at: datetime
) -> tuple[dict[UUID, Money], dict[UUID, Money]]:
    """Return a deal's prices, and the lowest of the 30 days before `at`, by variant.

    Raises NotOnRunSheet, BadInput and, for a price that is not below the lowest,
    catalog.FalseReduction or NothingToReduce.
    """
    if product not in await shows.list_run_sheet_ids(tx, show.id):
        raise shows.NotOnRunSheet
    if not prices or not set(prices) <= set(await catalog.list_variants(tx, product)):
        raise BadInput(field="prices", reason=_("name a price of this product’s variants"))
    lowest = await catalog.lowest_prior_prices(tx, show.market, prices, at)
    asked: dict[UUID, Money] = {}
    for variant, minor in prices.items():
        if minor < 1:
            raise BadInput(field="prices", reason=_("a price is more than nothing"))
        before = lowest.get(variant)
        asked[variant] = Money(minor, before.currency if before else "")
        catalog.check_reduction(asked[variant], None, before)
    return asked, lowest
