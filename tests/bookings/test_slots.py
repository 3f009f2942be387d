"""Slots: made with their places, booked until they close, never after."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from panier import bookings, catalog, orders, stock
from panier.catalog import SlotTaken
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import BadInput
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.settings import Settings
from tests import buying
from tests.bookings import laid as lay


def test_a_weekly_slot_keeps_its_hour_when_the_clocks_change() -> None:
    # Paris goes back to winter time on Sunday 25 October 2026.
    plan = bookings.plan_slots(
        date(2026, 10, 20), time(18), "Europe/Paris", minutes=30, every=7, times=2
    )
    assert plan == [
        (datetime(2026, 10, 20, 16, tzinfo=UTC), datetime(2026, 10, 20, 16, 30, tzinfo=UTC)),
        (datetime(2026, 10, 27, 17, tzinfo=UTC), datetime(2026, 10, 27, 17, 30, tzinfo=UTC)),
    ]


def test_a_slot_over_the_change_of_clocks_is_as_long_as_it_lasts() -> None:
    ((begin, end),) = bookings.plan_slots(
        date(2026, 10, 25), time(1, 30), "Europe/Paris", minutes=120
    )
    assert begin == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert end == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 on the clocks, the second


def test_an_hour_that_the_clocks_leap_over_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        bookings.plan_slots(
            date(2027, 3, 14), time(2, 30), "Europe/Paris", minutes=30, every=14, times=2
        )
    assert refused.value.details["field"] == "starts_at"


@pytest.mark.parametrize(("every", "times"), [(3, 2), (7, 0), (7, 53)])
def test_a_series_has_bounds(every: int, times: int) -> None:
    with pytest.raises(BadInput):
        bookings.plan_slots(
            date(2026, 11, 24), time(18), "Europe/Paris", minutes=30, every=every, times=times
        )


async def test_a_slot_is_called_by_its_time_in_every_language(cell: Cell) -> None:
    made = await lay.lay(cell)
    starts_at = datetime(2027, 7, 6, 16, tzinfo=UTC)
    async with cell.tx() as tx:
        slot = await lay.add(tx, made.service, starts_at)
        offers = {
            language: (await catalog.find_offers(tx, "FR", [slot], language))[0].variant_title
            for language in ("fr", "en", "de")
        }
    assert offers == {
        "fr": "mar. 6 juil. 2027, 18:00–18:30",
        "en": "Tue, 6 Jul 2027, 18:00–18:30",
        "de": "Di., 6. Juli 2027, 18:00–18:30",
    }


async def test_two_slots_of_a_service_cannot_begin_together_unless_one_was_called_off(
    cell: Cell,
) -> None:
    made = await lay.lay(cell)
    with pytest.raises(SlotTaken):
        async with cell.tx() as tx:
            await lay.add(tx, made.service, made.starts_at)
    async with cell.tx() as tx:
        assert await bookings.call_off(tx, made.slot, "", None)
        assert not await bookings.call_off(tx, made.slot, "", None)
    async with cell.tx() as tx:
        again = await lay.add(tx, made.service, made.starts_at)
    assert await lay.offered(cell, made) == [again]


async def test_a_slot_in_the_past_or_too_far_ahead_is_refused(cell: Cell) -> None:
    made = await lay.lay(cell)
    for wrong in (now() - timedelta(minutes=1), now() + timedelta(days=401)):
        with pytest.raises(BadInput):
            async with cell.tx() as tx:
                await lay.add(tx, made.service, wrong)


async def test_a_slot_that_has_closed_is_offered_nowhere(cell: Cell, settings: Settings) -> None:
    made, buyer = await lay.lay(cell), new_id()
    held = await lay.hold(cell, made, buyer)
    assert await lay.offered(cell, made) == [made.slot]
    await lay.pass_by(cell, made)
    assert await lay.offered(cell, made) == []
    with pytest.raises(stock.Closed):
        await lay.hold(cell, made, new_id())
    wanted = buying.placement(made.shop, buyer, await buying.card(cell))
    with pytest.raises(orders.NotSoldHere):
        await orders.check_out(cell, settings, wanted)
    async with cell.tx() as tx:
        with pytest.raises(stock.Closed):
            await stock.wait(tx, stock.Wish(new_id(), made.slot, 1, "FR", None, 60, 20))
    assert held.quantity == 1


async def test_a_hold_never_outlives_the_closing(cell: Cell) -> None:
    made, buyer = await lay.lay(cell), new_id()
    closes = now() + timedelta(seconds=60)
    async with cell.tx() as tx:
        await stock.close_at(tx, {made.slot: closes})
    held = await lay.hold(cell, made, buyer)
    assert held.expires_at == closes
    async with cell.tx() as tx:
        await stock.extend(tx, buyer, "FR", 600)
        assert [h.expires_at for h in await stock.list_holds(tx, buyer, "FR")] == [closes]
        checkout = new_id()
        claims = [stock.Claim(checkout, buyer, "FR")]
        assert await stock.claim(tx, claims, now() + timedelta(seconds=900)) == {checkout}
        claimed = await stock.list_claimed(tx, [checkout])
        assert [h.expires_at for h in claimed] == [closes]
        await stock.unclaim(tx, {claimed[0].id: now() + timedelta(seconds=900)})
        assert [h.expires_at for h in await stock.list_holds(tx, buyer, "FR")] == [closes]
        # Closed earlier, what is held ends earlier too.
        sooner = now() + timedelta(seconds=5)
        await stock.close_at(tx, {made.slot: sooner})
        assert [h.expires_at for h in await stock.list_holds(tx, buyer, "FR")] == [sooner]


async def test_an_offer_to_who_waits_ends_with_the_closing_and_is_not_made_after_it(
    cell: Cell,
) -> None:
    made, first, second = await lay.lay(cell, places=1), new_id(), new_id()
    await lay.hold(cell, made, first)
    closes = now() + timedelta(seconds=30)
    async with cell.tx() as tx:
        await stock.close_at(tx, {made.slot: closes})
        await stock.wait(tx, stock.Wish(second, made.slot, 1, "FR", None, 300, 20))
        await stock.release(tx, first, made.slot, 1, "FR")
        assert [h.expires_at for h in await stock.list_holds(tx, second, "FR")] == [closes]
        await stock.wait(tx, stock.Wish(first, made.slot, 1, "FR", None, 300, 20))
        await tx.execute("update stock set closes_at = now() where variant_id = %s", (made.slot,))
        await stock.release(tx, second, made.slot, 1, "FR")
        assert await stock.list_holds(tx, first, "FR") == []
        assert await stock.list_places(tx, first, "FR") == []


async def test_a_payment_that_comes_after_the_closing_is_refused(
    cell: Cell, settings: Settings
) -> None:
    made, buyer = await lay.lay(cell), new_id()
    await lay.hold(cell, made, buyer)
    checkout = new_id()
    async with cell.tx() as tx:
        claims = [stock.Claim(checkout, buyer, "FR")]
        await stock.claim(tx, claims, now() + timedelta(seconds=900))
    await lay.pass_by(cell, made)
    async with cell.tx() as tx:
        assert await stock.take(tx, [checkout]) == set()
    assert await lay.counts(cell, made) == (2, 0, 0)
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize("mug", ["alone", "with a mug set aside", "with a mug wanted"])
async def test_a_payment_for_what_was_swept_at_the_closing_is_refused_and_moves_no_count(
    cell: Cell, mug: str
) -> None:
    made, buyer, checkout = await lay.lay(cell), new_id(), new_id()
    await lay.hold(cell, made, buyer)
    if mug != "alone":
        aside = mug == "with a mug set aside"
        await buying.fill_basket(cell, made.shop, buyer, aside=aside)
    before = await buying.counts(cell, made.shop)
    async with cell.tx() as tx:
        claims = [stock.Claim(checkout, buyer, "FR")]
        await stock.claim(tx, claims, now() + timedelta(seconds=900))
    await lay.pass_by(cell, made)
    async with cell.tx() as tx:
        ended = "update hold set expires_at = now() where variant_id = %s"
        await tx.execute(ended, (made.slot,))
    assert await stock.expire_holds(cell) == 1
    assert await lay.counts(cell, made) == (2, 0, 0)
    async with cell.tx() as tx:
        assert await stock.take(tx, [checkout]) == set()
    assert await lay.counts(cell, made) == (2, 0, 0)
    assert await buying.counts(cell, made.shop) == (sum(before), 0, 0)
    assert await buying.all_adds_up(cell)


async def test_places_change_but_not_below_what_is_taken(cell: Cell, settings: Settings) -> None:
    made = await lay.lay(cell, places=3)
    await lay.book(cell, settings, made, 2)
    async with cell.tx() as tx:
        await bookings.set_capacity(tx, made.slot, 5, None)
    assert await lay.counts(cell, made) == (3, 0, 2)
    async with cell.tx() as tx:
        await bookings.set_capacity(tx, made.slot, 2, None)
    assert await lay.counts(cell, made) == (0, 0, 2)
    with pytest.raises(stock.NotEnough):
        async with cell.tx() as tx:
            await bookings.set_capacity(tx, made.slot, 1, None)
    assert await buying.all_adds_up(cell)


async def test_a_changed_service_changes_the_slots_to_come(cell: Cell) -> None:
    made = await lay.lay(cell)
    async with cell.tx() as tx:
        changed = lay.terms(closes_minutes=120, price=Money(3500, "EUR"))
        await bookings.change_terms(tx, made.service, changed)
    held = await lay.hold(cell, made, new_id())
    async with cell.read() as tx:
        (offer,) = await catalog.find_offers(tx, "FR", [made.slot], "en")
    assert offer.unit.minor == 3500
    assert offer.slot is not None
    assert offer.slot.closes_at == made.starts_at - timedelta(hours=2)
    assert held.quantity == 1
