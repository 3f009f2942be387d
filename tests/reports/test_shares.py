"""What presenting brought: to the seller by host, to the host by show, less refunds."""

from panier import creators, orders, people, reports
from panier.creators import Brought
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.payments.rules import Behaviour
from panier.reports.shares import BY_HOST, BY_SHOW
from panier.runtime import Runtime
from panier.settings import Settings
from tests import buying
from tests.door import PASSWORD, browser, open_door
from tests.plans import looks
from tests.shop import Shop, lay_shop


async def promise(tx: Tx, shop: Shop, basis_points: int) -> None:
    await creators.create_plan(
        tx, market="FR", seller=shop.seller, product=None, email=None, basis_points=basis_points,
        valid_from=None, valid_until=None, by=shop.host,
    )  # fmt: skip


async def buy(
    cell: Cell, settings: Settings, shop: Shop, behaviour: Behaviour = Behaviour.SUCCEEDS
) -> None:
    """Buy two candles at 24.90."""
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer, 2)
    wanted = buying.placement(shop, buyer, await buying.card(cell, behaviour))
    await orders.check_out(cell, settings, wanted)


async def sell(cell: Cell, settings: Settings) -> Shop:
    """Sell once without a share, twice with 5 % of 49.80, and once to a card that is declined."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buy(cell, settings, shop)
    async with cell.tx() as tx:
        await promise(tx, shop, 500)
    await buy(cell, settings, shop)
    await buy(cell, settings, shop)
    await buy(cell, settings, shop, Behaviour.DECLINED)
    return shop


async def read(cell: Cell, shop: Shop) -> tuple[list[Brought], list[Brought]]:
    async with cell.read() as tx:
        by_host = await reports.list_hosts_who_sold(tx, "FR", [shop.seller])
        by_show = await reports.list_shows_that_sold(tx, "FR", shop.host)
    return by_host, by_show


async def test_only_paid_sales_with_a_share_are_counted(cell: Cell, settings: Settings) -> None:
    shop = await sell(cell, settings)
    ((host,), (show,)) = await read(cell, shop)
    assert host == Brought("Camille", "", 2, 4, 9960, 498, "EUR")
    assert (show.title, show.slug) == ("Evening lights", f"lights-{shop.show.hex[-6:]}")
    assert (show.orders, show.units, show.base_minor, show.share_minor) == (2, 4, 9960, 498)


async def test_what_was_refunded_is_taken_off_and_what_is_only_asked_is_not(
    cell: Cell, settings: Settings
) -> None:
    shop = await sell(cell, settings)
    async with cell.tx() as tx:
        cursor = await tx.execute(
            "select order_id from order_line where creator_minor > 0 and order_id in"
            " (select id from orders where state = 'paid') order by 1"
        )
        for (order,), state in zip(await cursor.fetchall(), ("done", "asked"), strict=True):
            refund = new_id()
            await tx.execute(
                "insert into order_refund (id, key, order_id, market, reason, state, minor,"
                " currency, note, at)"
                " values (%s, %s, %s, 'FR', 'goodwill', %s, 2490, 'EUR', '', %s)",
                (refund, new_id(), order, state, now()),
            )
            await tx.execute(
                "insert into order_refund_line"
                " values (%s, %s, 1, 1, 2490, 0, 415, 125, 125, 0, 0, 0)",
                (refund, order),
            )
    ((host,), (show,)) = await read(cell, shop)
    assert (host.units, host.base_minor, host.share_minor) == (3, 7470, 373)
    assert (show.units, show.base_minor, show.share_minor) == (3, 7470, 373)


async def test_another_seller_and_another_host_see_nothing_of_it(
    cell: Cell, settings: Settings
) -> None:
    await sell(cell, settings)
    async with cell.tx() as tx:
        other = await lay_shop(tx)
    assert await read(cell, other) == ([], [])


async def test_both_pages_say_it(cell: Cell, settings: Settings, runtime: Runtime) -> None:
    app = await open_door(runtime)
    shop = await sell(cell, settings)
    email = f"host-{shop.host.hex[-6:]}@example.org"
    password_hash = await people.hash_password(PASSWORD)
    async with cell.tx() as tx:
        await tx.execute("update person set password_hash = %s", (password_hash,))
        await people.grant_role(tx, shop.host, "host", "FR")
        staff = await people.create_person(
            tx, email="ines@example.org", name="Inès", password_hash=password_hash, language="en"
        )
        await people.grant_role(tx, staff, "seller", "FR", shop.seller)
    for who, path, told in (
        (email, "/fr/shares", "Evening lights"),
        ("ines@example.org", "/fr/seller/creators", "Camille"),
    ):
        async with browser(app) as client:
            form = {"email": who, "password": PASSWORD}
            assert (await client.post("/fr/sign-in", data=form)).status_code == 303
            await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
            page = (await client.get(path)).text
        for text in (told, "€4.98", "€99.60"):
            assert text in page


MANY = """
with o as (
  insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,
    goods_minor, shipping_minor, vat_minor, commission_minor, at, paid_at)
  select gen_random_uuid(), checkout_id, market, seller_id, show_id, number || '-' || n, state,
    currency, goods_minor, shipping_minor, 0, 0, at, paid_at
  from orders, generate_series(1, 1000) n where paid_at is not null returning id)
insert into order_line (order_id, n, product_id, variant_id, title, variant_title, sku, quantity,
  unit_minor, list_minor, goods_minor, vat_basis_points, vat_minor, shipping_minor,
  shipping_vat_minor, commission_base_minor, commission_basis_points, commission_minor, creator_id)
select id, 1, %s, %s, '', '', '', 1, 100, 100, 100, 0, 0, 0, 0, 100, 0, 0, %s from o
"""
LINE_BY_LINE = """
select sum(r.quantity) from order_line l left join lateral (
  select sum(r.quantity) as quantity from order_refund_line r
  where r.order_id = l.order_id and r.n = l.n) r on true
"""


async def test_refunds_are_not_looked_for_line_by_line(cell: Cell, settings: Settings) -> None:
    shop = await sell(cell, settings)
    async with cell.tx() as tx:
        await tx.execute(MANY, (shop.product, shop.variant, shop.host))
        await tx.execute("analyze orders, order_line, order_refund, order_refund_line")
        by_show = {"host": shop.host, "market": "FR", "limit": 200}
        by_host = ([shop.seller], "FR", 200)
        assert await looks(tx, "order_refund_line", BY_SHOW, by_show) == 1
        assert await looks(tx, "order_refund_line", BY_HOST, by_host) == 1
        assert await looks(tx, "order_refund_line", LINE_BY_LINE, {}) > 3000
