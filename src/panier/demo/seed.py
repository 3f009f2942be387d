"""Filling an empty installation: sample shops, people and shows, through the front doors.

Every step looks first whether its work is done, so that a seed that was interrupted goes on where
it stopped, and one that is repeated changes nothing.
"""

import asyncio
import io
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from PIL import Image

from panier import bookings, catalog, creators, incentives, markets, people, shows, stock, taxes
from panier.demo import pictures
from panier.demo.data import SampleMarket, SampleProduct, SampleSeller, SampleService, read_sample
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.money import Money
from panier.runtime import Runtime
from panier.settings import Settings

PASSWORD = "basket-demo"  # noqa: S105 - of the sample people, told in the README
DEMO = "demo"
"""The sample show's name in addresses; the ones after it are demo-2, demo-3, …"""
DEAL_OFF, DEAL_UNITS = 3000, 200
"""How far the sample hosts may go without asking: basis points off, and for how many units."""
DAYS = 5
"""How many days ahead the sample service can be booked."""
LOW = 5
"""A variant with fewer units is stocked anew for a new sample show."""
EVENING = time(19, 30)
"""When the announced shows begin, on the market's clocks."""
PRODUCT_SIZE = 960
COVER_SIZE = (768, 960)

log = structlog.get_logger()


async def seed(settings: Settings) -> None:
    """Fill the installation that `settings` names (`panier seed`); may be repeated."""
    async with Runtime.open(settings) as runtime:
        await fill(runtime)


async def fill(runtime: Runtime) -> None:
    """Bring in the sample shops of every market of the data file, and announce their shows."""
    for cell in runtime.cells:
        await cell.run(markets.load)
    password_hash = await people.hash_password(PASSWORD)
    images: dict[str, str] = {}  # drawn once for all markets
    for code, sample in read_sample().market.items():
        cell = runtime.cells.of(code)
        async with cell.read() as tx:
            market = await markets.get_market(tx, code)
        sellers = await _seed_sellers(cell, market, sample)
        await _seed_people(cell, market, sample, sellers["home"], password_hash)
        for product in read_sample().product:
            key = await _seed_product(cell, market, product, sellers[product.seller])
            await _picture(runtime, cell, key, product, images)
        for service in read_sample().service:
            key = await _seed_service(cell, market, service, sellers[service.seller])
            await _picture(runtime, cell, key, service, images)
        await _seed_terms(cell, market, sample, sellers)
        await ensure_demo_show(runtime, code)
        for days, title in enumerate(sample.starts[1:], start=1):
            await _announce(runtime, market, title, days)
        log.info("sample shops are ready", market=code)


async def ensure_demo_show(runtime: Runtime, market: str) -> str:
    """Return the name of a sample show of `market` that can go, or is, on air.

    When the last one is over a new one is scheduled for now, and what has run low is stocked anew.
    """
    cell = runtime.cells.of(market)
    sample = read_sample().market[market]
    slug, number = DEMO, 1
    async with cell.read() as tx:
        while (known := await shows.find_show_by_slug(tx, market, slug)) is not None:
            if known.state in shows.OPEN:
                return slug
            number += 1
            slug = f"{DEMO}-{number}"
        home = await markets.get_market(tx, market)
    cover = await _keep_cover(runtime, sample.starts[0])
    await cell.run(lambda tx: _restock(tx, home))
    await cell.run(
        lambda tx: _schedule(tx, home, sample, sample.starts[0], now(), slug=slug, cover=cover)
    )
    return slug


async def _seed_sellers(
    cell: Cell, market: markets.Market, sample: SampleMarket
) -> dict[str, UUID]:
    async def act(tx: Tx) -> dict[str, UUID]:
        made = {}
        for key, seller in sample.sellers.items():
            known = await catalog.find_seller(tx, market.code, seller.slug)
            made[key] = known.id if known else await _create_seller(tx, market, seller)
            if await taxes.find_trader(tx, made[key]) is None:
                await taxes.set_trader(tx, made[key], seller.legal, None)
        return made

    return await cell.run(act)


async def _create_seller(tx: Tx, market: markets.Market, sample: SampleSeller) -> UUID:
    home = Money(sample.shipping[market.country][0], market.currency)
    seller = await catalog.create_seller(
        tx,
        market=market.code,
        slug=sample.slug,
        name=sample.name,
        country=market.country,
        shipping=home,
    )
    for country, rate in sample.shipping.items():
        await catalog.set_shipping(tx, seller, country, catalog.ParcelRate(*rate))
    await catalog.set_one_parcel(tx, seller, offered=sample.one_parcel)
    return seller


async def _seed_people(
    cell: Cell, market: markets.Market, sample: SampleMarket, seller: UUID, password_hash: str
) -> None:
    async def act(tx: Tx) -> None:
        for role, person in sample.people.items():
            known = await people.find_person_by_email(tx, person.email)
            key = (
                known.id
                if known
                else await people.create_person(
                    tx,
                    email=person.email,
                    name=person.name,
                    password_hash=password_hash,
                    language=market.languages[0],
                )
            )
            for held in (role, *person.also):
                if held != "shopper":
                    works_for = seller if held == "seller" else None
                    await people.grant_role(tx, key, held, market.code, works_for)

    await cell.run(act)


async def _seed_product(
    cell: Cell, market: markets.Market, sample: SampleProduct, seller: UUID
) -> UUID:
    async def act(tx: Tx) -> UUID:
        product = await catalog.find_product_id(tx, market.code, sample.slug)
        if product is None:
            product = await catalog.create_product(
                tx,
                seller=seller,
                slug=sample.slug,
                title=sample.title,
                description=sample.description,
                vat_category=sample.vat_in.get(market.code, sample.vat),
                variants=[
                    catalog.NewVariant(
                        variant.sku,
                        variant.title,
                        Money(variant.price[market.code], market.currency),
                    )
                    for variant in sample.variant
                ],
            )
            await catalog.set_withdrawal(tx, product, sample.withdrawal)
        variants = await catalog.list_variants(tx, product)
        counted = await stock.get_availability(tx, variants)
        for variant, given in zip(variants, sample.variant, strict=True):
            if variant not in counted:
                await stock.set_stock(tx, variant, given.stock, market.code)
        return product

    return await cell.run(act)


async def _picture(
    runtime: Runtime,
    cell: Cell,
    product: UUID,
    sample: SampleProduct | SampleService,
    images: dict[str, str],
) -> None:
    async with cell.read() as tx:
        pictured = (await catalog.get_product(tx, product, "en")).image
    if pictured is not None:
        return
    name = sample.picture
    if name not in images:
        picture = await asyncio.to_thread(pictures.draw, name, PRODUCT_SIZE)
        images[name] = await _keep(runtime, picture)
    await cell.run(lambda tx: catalog.set_image(tx, product, images[name], sample.alt))


async def _seed_service(
    cell: Cell, market: markets.Market, sample: SampleService, seller: UUID
) -> UUID:
    async def act(tx: Tx) -> UUID:
        product = await catalog.find_product_id(tx, market.code, sample.slug)
        if product is None:
            terms = catalog.Terms(
                title=sample.title,
                description=sample.description,
                vat_category=sample.vat,
                price=Money(sample.price[market.code], market.currency),
                closes_minutes=60,
                arrival=sample.arrival,
            )
            product = await catalog.create_service(tx, seller=seller, slug=sample.slug, terms=terms)
        await _open_days(tx, market, sample, product)
        return product

    return await cell.run(act)


async def _open_days(tx: Tx, market: markets.Market, sample: SampleService, product: UUID) -> None:
    """Have slots on each of the next days, at the hours where there are none yet."""
    known = {slot.starts_at for slot in await catalog.list_slots(tx, product, now())}
    tomorrow = market.day(now()) + timedelta(days=1)
    for hour in sample.hours:
        plan = bookings.plan_slots(
            tomorrow, hour, market.time_zone, minutes=sample.minutes, every=1, times=DAYS
        )
        times = [span for span in plan if span[0] not in known]
        if times:
            await bookings.open_slots(tx, product, times, place="", places=sample.places, who=None)


async def _seed_terms(
    cell: Cell, market: markets.Market, sample: SampleMarket, sellers: dict[str, UUID]
) -> None:
    async def act(tx: Tx) -> None:
        if await creators.list_plans(tx, market.code, list(sellers.values()), 1):
            return
        staff = await people.find_person_by_email(tx, sample.people["seller"].email)
        if staff is None:
            raise LookupError("the sample people are made before their plans")
        for plan in read_sample().plan:
            slug = plan.product
            await creators.create_plan(
                tx,
                market=market.code,
                seller=sellers[plan.seller],
                product=await catalog.find_product_id(tx, market.code, slug) if slug else None,
                email=sample.people[plan.invites].email if plan.invites else None,
                basis_points=plan.share,
                valid_from=None,
                valid_until=None,
                by=staff.id,
            )
        bounds = incentives.Bounds(
            currency=market.currency, basis_points=DEAL_OFF, units=DEAL_UNITS, valid_from=now()
        )
        for seller in sellers.values():
            await incentives.agree_to_deals(tx, seller, bounds, staff.id)

    await cell.run(act)


async def _restock(tx: Tx, home: markets.Market) -> None:
    market = home.code
    for sample in read_sample().product:
        product = await catalog.find_product_id(tx, market, sample.slug)
        if product is None:
            continue
        variants = await catalog.list_variants(tx, product)
        left = await stock.get_availability(tx, variants)
        for variant, given in zip(variants, sample.variant, strict=True):
            if left.get(variant, 0) < LOW:
                await stock.set_stock(tx, variant, given.stock, market)
    for service in read_sample().service:
        product = await catalog.find_product_id(tx, market, service.slug)
        if product is not None:
            await _open_days(tx, home, service, product)


async def _announce(runtime: Runtime, market: markets.Market, title: str, days: int) -> None:
    """Have a show of this title on the calendar, in `days` days; one that went by is called off."""
    cell = runtime.cells.of(market.code)
    sample = read_sample().market[market.code]
    async with cell.read() as tx:
        known = [
            show
            for show in await shows.list_shows_of_host(tx, market.code, await _host(tx, sample))
            if show.title == title and show.state == shows.State.SCHEDULED
        ]
    if any(show.starts_at > now() for show in known):
        return
    starts_at = _evening(market.time_zone, days)
    cover = await _keep_cover(runtime, title)

    async def act(tx: Tx) -> None:
        for show in known:
            await shows.cancel(tx, show.id)
        await _schedule(tx, market, sample, title, starts_at, cover=cover)

    await cell.run(act)


async def _schedule(
    tx: Tx,
    market: markets.Market,
    sample: SampleMarket,
    title: str,
    starts_at: datetime,
    *,
    cover: str,
    slug: str | None = None,
) -> None:
    sample_of = read_sample()
    slugs = [*(p.slug for p in sample_of.product), *(s.slug for s in sample_of.service)]
    products = [await catalog.find_product_id(tx, market.code, slug) for slug in slugs]
    await shows.schedule(
        tx,
        market=market.code,
        host=await _host(tx, sample),
        title=title,
        starts_at=starts_at,
        language=market.languages[0],
        products=[product for product in products if product is not None],
        slug=slug,
        cover=cover,
    )


async def _host(tx: Tx, sample: SampleMarket) -> UUID:
    host = await people.find_person_by_email(tx, sample.people["host"].email)
    if host is None:
        raise LookupError("the sample people are made before their shows")
    return host.id


def _evening(time_zone: str, days: int) -> datetime:
    zone = ZoneInfo(time_zone)
    day = now().astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, EVENING, zone)


async def _keep_cover(runtime: Runtime, title: str) -> str:
    picture = await asyncio.to_thread(pictures.draw_cover, title, COVER_SIZE)
    return await _keep(runtime, picture)


async def _keep(runtime: Runtime, picture: Image.Image) -> str:
    """Keep a drawn picture; returns its name."""
    out = io.BytesIO()
    await asyncio.to_thread(picture.save, out, "PNG", compress_level=1)
    return await catalog.keep_image(runtime.store, out.getvalue())
