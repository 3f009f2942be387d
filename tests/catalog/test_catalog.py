"""Sellers, products, prices: on a real database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from panier import catalog, markets
from panier.kit import fresh
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money

MUG = {"fr": "Tasse en grès", "de": "Steinzeugtasse"}


async def lay_seller(tx: Tx, slug: str = "lumen") -> UUID:
    """Make a seller of market FR."""
    await markets.load(tx)
    return await catalog.create_seller(
        tx, market="FR", slug=slug, name="Maison Lumen", country="FR", shipping=Money(490, "EUR")
    )


async def lay_mug(tx: Tx, seller: UUID, slug: str = "mug", sku: str = "MUG-1") -> UUID:
    """Make a product with one variant at € 24.90."""
    return await catalog.create_product(
        tx,
        seller=seller,
        slug=slug,
        title=MUG,
        description={"fr": "Tournée à la main."},
        vat_category="standard",
        variants=[catalog.NewVariant(sku, {"fr": "Bleue", "en": "Blue"}, Money(2490, "EUR"))],
    )


async def test_an_offer_speaks_the_readers_language_or_the_markets_first(cell: Cell) -> None:
    async with cell.tx() as tx:
        mug = await lay_mug(tx, await lay_seller(tx))
        await catalog.set_image(tx, mug, "0" * 32, {"fr": "Une tasse bleue"})
        variants = await catalog.list_variants(tx, mug)
        [german] = await catalog.find_offers(tx, "FR", variants, "de")
        [spanish] = await catalog.find_offers(tx, "FR", variants, "es")
    assert (german.title, german.variant_title) == ("Steinzeugtasse", "Bleue")
    assert (spanish.title, spanish.variant_title) == ("Tasse en grès", "Bleue")
    assert german.unit == Money(2490, "EUR")
    assert german.parcels == {"FR": catalog.ParcelRate(490)}
    assert german.image == "/media/catalog/00000000000000000000000000000000-320.webp"
    assert (german.sku, german.seller_name, german.vat_category) == (
        "MUG-1",
        "Maison Lumen",
        "standard",
    )


async def test_offers_come_in_the_order_asked_for_without_what_is_not_sold_here(
    cell: Cell,
) -> None:
    async with cell.tx() as tx:
        seller = await lay_seller(tx)
        first = await catalog.list_variants(tx, await lay_mug(tx, seller, "a"))
        second = await catalog.list_variants(tx, await lay_mug(tx, seller, "b"))
        wanted = [*second, new_id(), *first, *second]
        offers = await catalog.find_offers(tx, "FR", wanted, "fr")
        abroad = await catalog.find_offers(tx, "GB", wanted, "fr")
    assert [offer.variant for offer in offers] == [*second, *first]
    assert abroad == []


async def test_the_price_is_the_one_that_began_last(cell: Cell) -> None:
    async with cell.tx() as tx:
        mug = await lay_mug(tx, await lay_seller(tx))
        [variant] = await catalog.list_variants(tx, mug)
        start = now()
        await catalog.set_price(tx, variant, "FR", Money(1990, "EUR"))
        await catalog.set_price(tx, variant, "FR", Money(9900, "EUR"), start + timedelta(hours=1))
        [offer] = await catalog.find_offers(tx, "FR", [variant], "fr")
        later = await catalog.get_unit_price_at(tx, "FR", variant, start + timedelta(hours=2))
    assert offer.unit == Money(1990, "EUR")
    assert later == Money(9900, "EUR")


async def test_a_product_without_a_price_yet_has_no_variants_to_sell(cell: Cell) -> None:
    async with cell.tx() as tx:
        mug = await lay_mug(tx, await lay_seller(tx))
        await run(tx, "update price set valid_from = %s", (datetime(2100, 1, 1, tzinfo=UTC),))
        product = await catalog.get_product(tx, mug, "fr")
        assert product.variants == []
        assert await catalog.find_offers(tx, "FR", await catalog.list_variants(tx, mug), "fr") == []


async def test_products_are_listed_by_slug_page_by_page(cell: Cell) -> None:
    async with cell.tx() as tx:
        seller = await lay_seller(tx)
        for slug in ("scarf", "candle", "mug"):
            await lay_mug(tx, seller, slug)
        page = await catalog.list_products(tx, "FR", "fr", limit=2)
        rest = await catalog.list_products(tx, "FR", "fr", after=page[-1].slug)
    assert [product.slug for product in page] == ["candle", "mug"]
    assert [product.slug for product in rest] == ["scarf"]
    assert page[0].variants[0].price == Money(2490, "EUR")
    assert page[0].seller.name == "Maison Lumen"


async def test_a_taken_slug_is_refused_and_the_transaction_goes_on(cell: Cell) -> None:
    async with cell.tx() as tx:
        seller = await lay_seller(tx)
        await lay_mug(tx, seller)
        with pytest.raises(catalog.SlugTaken):
            await lay_mug(tx, seller)
        with pytest.raises(catalog.SlugTaken):
            await lay_seller(tx)
        assert len(await catalog.list_products(tx, "FR", "fr")) == 1


async def test_what_cannot_be_sold_is_refused_by_name(cell: Cell) -> None:
    async with cell.tx() as tx:
        seller = await lay_seller(tx)
        [variant] = await catalog.list_variants(tx, await lay_mug(tx, seller))
        with pytest.raises(NotFound):
            await lay_mug(tx, new_id(), "other")
        with pytest.raises(BadInput):
            await lay_mug(tx, seller, "Not a slug")
        with pytest.raises(catalog.CurrencyRefused):
            await catalog.set_price(tx, variant, "FR", Money(100, "GBP"))
        with pytest.raises(BadInput):
            await catalog.set_price(tx, variant, "FR", Money(0, "EUR"))
        with pytest.raises(NotFound):
            await catalog.set_price(tx, new_id(), "FR", Money(100, "EUR"))
        with pytest.raises(NotFound):
            await catalog.set_image(tx, new_id(), "0" * 32, {"en": "A mug"})
        with pytest.raises(NotFound):
            await catalog.get_product(tx, new_id(), "fr")
        with pytest.raises(NotFound):
            await catalog.get_seller(tx, new_id())
        with pytest.raises(catalog.SkuTaken):
            await catalog.create_product(
                tx,
                seller=seller,
                slug="twice",
                title=MUG,
                description=MUG,
                vat_category="standard",
                variants=[catalog.NewVariant("A", MUG, Money(100, "EUR"))] * 2,
            )


async def test_a_category_without_a_vat_rate_is_refused(cell: Cell) -> None:
    async with cell.tx() as tx:
        seller = await lay_seller(tx)
        with pytest.raises(markets.UnknownVatRate):
            await catalog.create_product(
                tx,
                seller=seller,
                slug="moon",
                title=MUG,
                description=MUG,
                vat_category="moonstone",
                variants=[catalog.NewVariant("A", MUG, Money(100, "EUR"))],
            )


async def test_a_new_price_is_seen_when_the_remembered_one_is_two_seconds_old(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cell.tx() as tx:
        [variant] = await catalog.list_variants(tx, await lay_mug(tx, await lay_seller(tx)))
    clock = 100.0
    monkeypatch.setattr(fresh, "monotonic", lambda: clock)
    assert await catalog.get_unit_price(cell, "FR", variant) == Money(2490, "EUR")
    async with cell.tx() as tx:
        await catalog.set_price(tx, variant, "FR", Money(1990, "EUR"))
    clock = 101.9
    assert await catalog.get_unit_price(cell, "FR", variant) == Money(2490, "EUR")
    clock = 102.1
    assert await catalog.get_unit_price(cell, "FR", variant) == Money(1990, "EUR")


async def test_a_price_that_was_not_found_is_looked_up_again(cell: Cell) -> None:
    with pytest.raises(NotFound):
        await catalog.get_unit_price(cell, "FR", UUID(int=7))
    with pytest.raises(NotFound):
        await catalog.get_unit_price(cell, "FR", UUID(int=7))
