"""Writes: schedule, rehearse, go on air, end; run sheet and pins.

Every one locks the show's row first, so that what happens to a show happens in one order.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier import catalog, events, markets, video
from panier.kit.clock import now
from panier.kit.db import Tx, find, run, value
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id
from panier.kit.outbox import record
from panier.shows.queries import Show, find_pin, get_show
from panier.shows.rules import (
    OPEN,
    TRANSITIONS,
    NotOnRunSheet,
    RunSheetClosed,
    SlugTaken,
    State,
    StateRefused,
    StockRule,
    check_changing_rule,
    check_language,
    check_pinning,
    check_run_sheet,
    check_slug,
    check_start,
    check_title,
    make_slug,
)

NAMESAKES_MAX = 200
"""Shows of one market whose titles make the same slug."""

EVENTS: dict[
    State,
    type[events.ShowScheduled]
    | type[events.ShowRehearsing]
    | type[events.ShowWentLive]
    | type[events.ShowEnded]
    | type[events.ShowCancelled],
] = {
    State.SCHEDULED: events.ShowScheduled,
    State.REHEARSING: events.ShowRehearsing,
    State.LIVE: events.ShowWentLive,
    State.ENDED: events.ShowEnded,
    State.CANCELLED: events.ShowCancelled,
}
"""What is recorded when a show becomes something."""


class _Standing(msgspec.Struct):
    market: str
    state: str


async def schedule(
    tx: Tx,
    *,
    market: str,
    host: UUID,
    title: str,
    starts_at: datetime,
    language: str,
    products: Sequence[UUID] = (),
    slug: str | None = None,
    cover: str | None = None,
    stock_rule: StockRule = StockRule.HOLD,
) -> Show:
    """Put a show on the calendar, with its run sheet and its video channel.

    Without `slug` one is made from the title. Raises BadInput, SlugTaken and, for an unknown
    market, NotFound.
    """
    title = title.strip()
    check_title(title)
    check_start(starts_at, now())
    check_language(language, (await markets.get_market(tx, market)).languages)
    if slug is not None:
        check_slug(slug)
    show = new_id()
    row = {
        "id": show,
        "market": market,
        "title": title,
        "language": language,
        "host": host,
        "cover": cover,
        "stock_rule": stock_rule.value,
        "starts_at": starts_at,
        "at": now(),
    }
    await _insert(tx, row, slug)
    await record(tx, events.ShowScheduled(market=market, show=show))
    await video.open_channel(tx, show, market)
    if products:
        await set_run_sheet(tx, show, products)
    return await get_show(tx, show)


async def _insert(tx: Tx, row: dict[str, object], slug: str | None) -> None:
    first = slug or make_slug(str(row["title"]))
    names = [first] if slug else [first, *(f"{first}-{n}" for n in range(2, NAMESAKES_MAX))]
    for name in names:
        made = await run(
            tx,
            "insert into show (id, market, slug, title, language, host_id, cover, stock_rule,"
            " state, starts_at, at) values (%(id)s, %(market)s, %(slug)s, %(title)s, %(language)s,"
            " %(host)s, %(cover)s, %(stock_rule)s, 'scheduled', %(starts_at)s, %(at)s)"
            " on conflict (market, slug) do nothing",
            {**row, "slug": name},
        )
        if made:
            return
    raise SlugTaken(slug=first)


async def _lock(tx: Tx, show: UUID) -> _Standing:
    found = await find(
        tx, "select market, state from show where id = %s for update", (show,), _Standing
    )
    if found is None:
        raise NotFound
    return found


async def _move(tx: Tx, show: UUID, to: State) -> bool:
    """Take a show to another state and record it; False when it was there already.

    What is on the picture comes off: a rehearsal leaves nothing for the air, nor a show behind it.
    """
    standing = await _lock(tx, show)
    if standing.state == to:
        return False
    if to not in TRANSITIONS[State(standing.state)]:
        raise StateRefused(state=standing.state, to=to)
    await _unpin(tx, show, standing.market)
    await run(
        tx,
        "update show set state = %(to)s,"
        " live_at = case when %(to)s = 'live' then %(now)s else live_at end,"
        " ended_at = case when %(to)s = 'ended' then %(now)s else ended_at end"
        " where id = %(show)s",
        {"to": to.value, "now": now(), "show": show},
    )
    await record(tx, EVENTS[to](market=standing.market, show=show))
    return True


async def rehearse(tx: Tx, show: UUID) -> None:
    """Let host and crew try the show; raises StateRefused, NotFound."""
    await _move(tx, show, State.REHEARSING)


async def stop_rehearsing(tx: Tx, show: UUID) -> None:
    """Put the show back on the calendar; raises StateRefused, NotFound."""
    await _move(tx, show, State.SCHEDULED)


async def go_live(tx: Tx, show: UUID) -> None:
    """Put the show on air; raises StateRefused, NotFound."""
    await _move(tx, show, State.LIVE)


async def end(tx: Tx, show: UUID) -> None:
    """End the show and take off what is pinned; raises StateRefused, NotFound."""
    await _move(tx, show, State.ENDED)


async def cancel(tx: Tx, show: UUID) -> None:
    """Call the show off before it was on air; raises StateRefused, NotFound."""
    await _move(tx, show, State.CANCELLED)


async def pin(tx: Tx, show: UUID, product: UUID) -> None:
    """Put a product on the picture in place of the one there; again changes nothing.

    Raises NotOnAir, NotOnRunSheet, NotFound.
    """
    standing = await _lock(tx, show)
    check_pinning(standing.state)
    on_sheet = "select true from run_sheet where show_id = %s and product_id = %s"
    if not await value(tx, on_sheet, (show, product)):
        raise NotOnRunSheet
    present = await find_pin(tx, show)
    if present is not None and present.product == product:
        return
    await _unpin(tx, show, standing.market)
    await run(
        tx,
        "insert into pin (id, show_id, product_id, pinned_at) values (%s, %s, %s, %s)",
        (new_id(), show, product, now()),
    )
    await record(tx, events.ProductPinned(market=standing.market, show=show, product=product))


async def unpin(tx: Tx, show: UUID) -> None:
    """Take off what is on the picture, if anything; raises NotFound."""
    await _unpin(tx, show, (await _lock(tx, show)).market)


async def _unpin(tx: Tx, show: UUID, market: str) -> None:
    product = await value(
        tx,
        "update pin set unpinned_at = %s where show_id = %s and unpinned_at is null"
        " returning product_id",
        (now(), show),
    )
    if product is not None:
        await record(tx, events.ProductUnpinned(market=market, show=show, product=product))


async def set_run_sheet(tx: Tx, show: UUID, products: Sequence[UUID]) -> None:
    """Let the show present `products` in this order; one that is left out is unpinned.

    Raises BadInput (too many, twice, or not of this market), RunSheetClosed, NotFound.
    """
    check_run_sheet(products)
    standing = await _lock(tx, show)
    if standing.state not in OPEN:
        raise RunSheetClosed
    known = await catalog.find_products(tx, products, "")
    if any(p not in known or known[p].market != standing.market for p in products):
        raise BadInput(field="products", reason=_("this market does not sell this product"))
    present = await find_pin(tx, show)
    if present is not None and present.product not in products:
        await _unpin(tx, show, standing.market)
    await run(tx, "delete from run_sheet where show_id = %s", (show,))
    await run(
        tx,
        "insert into run_sheet (show_id, position, product_id)"
        " select %s, number, product from unnest(%s::uuid[]) with ordinality t(product, number)",
        (show, list(products)),
    )


async def set_stock_rule(tx: Tx, show: UUID, rule: StockRule) -> None:
    """Choose what a press on the basket does; raises RuleFixed once on air, NotFound."""
    check_changing_rule((await _lock(tx, show)).state)
    await run(tx, "update show set stock_rule = %s where id = %s", (rule.value, show))


async def set_cover(tx: Tx, show: UUID, image: str) -> None:
    """Announce the show with the picture named `image` (by `catalog.keep_image`)."""
    if not await run(tx, "update show set cover = %s where id = %s", (image, show)):
        raise NotFound
