"""Events reach their reactions in order, at least once on the wire and once in effect."""

import asyncio
import contextlib
from uuid import UUID

import pytest

from panier.events import HoldExpired, OrderRefused, PaymentReported, SoldOut, WaitingOffered
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.delivery import CLAIM, TRIES_MAX, AtOnce, Courier, Reaction, find_parked
from panier.kit.outbox import LANES, Fact, Priority, record
from tests.plans import rows_read

CANDLE, MUG, BAG = UUID(int=0x10), UUID(int=0x20), UUID(int=0x31)


def expired(variant: UUID, quantity: int) -> HoldExpired:
    """Build an event whose stream is `variant`."""
    return HoldExpired(market="FR", variant=variant, hold=UUID(int=quantity), quantity=quantity)


class Notebook:
    """A reaction that remembers what it took, and fails when told to."""

    def __init__(self) -> None:
        """Start empty."""
        self.seen: list[tuple[UUID, int]] = []
        self.fail_on: set[int] = set()

    async def note(self, _tx: Tx, event: HoldExpired) -> None:
        """Take one event."""
        if event.quantity in self.fail_on:
            raise RuntimeError("not today")
        self.seen.append((event.variant, event.quantity))


async def write(cell: Cell, *facts: Fact) -> None:
    async with cell.tx() as tx:
        await record(tx, *facts)


async def is_waiting(cell: Cell) -> bool:
    """Tell whether a transaction waits for another one."""
    async with cell.read() as tx:
        found = await value(
            tx,
            "select count(*) from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database()",
        )
        return bool(found)


async def make_due(cell: Cell) -> None:
    """Let all back-off be over."""
    async with cell.tx() as tx:
        await run(tx, "update event set next_try_at = null")


async def test_events_of_a_stream_arrive_in_order(cell: Cell) -> None:
    notebook = Notebook()
    await write(cell, *(expired(CANDLE, n) for n in range(1, 6)))
    await Courier(cell, {HoldExpired: [notebook.note]}).deliver_all()
    assert notebook.seen == [(CANDLE, n) for n in range(1, 6)]


async def test_a_failing_event_holds_its_stream_and_no_other(cell: Cell) -> None:
    notebook = Notebook()
    notebook.fail_on = {1}
    await write(cell, expired(CANDLE, 1), expired(MUG, 3), expired(CANDLE, 2), expired(BAG, 4))
    courier = Courier(cell, {HoldExpired: [notebook.note]})
    await courier.deliver_all()
    assert sorted(notebook.seen) == [(MUG, 3), (BAG, 4)]
    notebook.fail_on = set()
    await make_due(cell)
    await courier.deliver_all()
    assert notebook.seen[2:] == [(CANDLE, 1), (CANDLE, 2)]


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        ({HoldExpired: []}, [BAG, CANDLE, MUG]),
        ({}, [BAG]),  # an event that only a newer worker knows waits for that one, with its stream
    ],
)
async def test_what_nobody_reacts_to_holds_up_nothing(
    cell: Cell, silent: dict[type, list[Reaction]], expected: list[UUID]
) -> None:
    seen: list[UUID] = []

    async def note(_tx: Tx, event: SoldOut) -> None:
        seen.append(event.variant)

    await write(cell, *(expired(variant, n) for n, variant in enumerate((CANDLE, MUG, CANDLE))))
    await write(cell, *(SoldOut(market="FR", variant=variant) for variant in (CANDLE, MUG, BAG)))
    await Courier(cell, {SoldOut: [note], **silent}).deliver_all()
    assert sorted(seen, key=[BAG, CANDLE, MUG].index) == expected
    async with cell.read() as tx:
        waiting = await value(tx, "select count(*) from event where delivered_at is null")
    assert waiting == 6 - len(expected) - (3 if silent else 0)


@pytest.mark.parametrize(("table", "receipts"), [(list, 4), (AtOnce, 1)])
async def test_a_reaction_that_worked_is_not_repeated_when_its_neighbour_fails(
    cell: Cell, table: type[list[Reaction]], receipts: int
) -> None:
    second = Notebook()
    second.fail_on = {1}
    async with cell.tx() as tx:
        await tx.execute("create table seen (quantity int)")

    async def first(tx: Tx, event: HoldExpired) -> None:
        await run(tx, "insert into seen values (%s)", (event.quantity,))

    await write(cell, expired(CANDLE, 1), expired(MUG, 2))
    courier = Courier(cell, {HoldExpired: table([first, second.note])})
    await courier.deliver_all()
    second.fail_on = set()
    await make_due(cell)
    await courier.deliver_all()
    assert sorted(second.seen) == [(CANDLE, 1), (MUG, 2)]
    async with cell.read() as tx:
        cursor = await tx.execute("select quantity from seen order by 1")
        assert await cursor.fetchall() == [(1,), (2,)]
        # What commits together, or alone, needs none: the event itself is marked.
        assert await value(tx, "select count(*) from receipt") == receipts


@pytest.mark.parametrize(("table", "reactions"), [(list, 1), (list, 2), (AtOnce, 2)])
async def test_a_worker_that_lost_its_lane_repeats_nothing(
    cell: Cell, table: type[list[Reaction]], reactions: int
) -> None:
    inside, go_on, entered = asyncio.Event(), asyncio.Event(), list[int]()
    async with cell.tx() as tx:
        await tx.execute("create table seen (quantity int)")

    async def note(tx: Tx, event: HoldExpired) -> None:
        entered.append(event.quantity)
        inside.set()
        await go_on.wait()
        await run(tx, "insert into seen values (%s)", (event.quantity,))

    async def nod(_tx: Tx, _event: HoldExpired) -> None:
        """Take it."""

    await write(cell, expired(CANDLE, 1))
    courier = Courier(cell, {HoldExpired: table([note, nod][:reactions])})
    first = asyncio.create_task(courier.deliver_lane())
    await inside.wait()
    async with cell.read() as tx:
        lost = "select pg_terminate_backend(pid, 10000) from pg_locks where relation = %s::regclass"
        assert await value(tx, lost, ("delivery_lane",)) is True
    second = asyncio.create_task(courier.deliver_lane())
    async with asyncio.timeout(30):
        while True:
            if await is_waiting(cell) or len(entered) > 1:
                break
            await asyncio.sleep(0)
    go_on.set()
    async with asyncio.timeout(30):
        await asyncio.gather(first, second, return_exceptions=True)
        await courier.deliver_all()
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from seen") == 1
        assert await value(tx, "select count(*) from event where delivered_at is null") == 0


async def test_an_event_that_never_works_is_parked_and_found(cell: Cell) -> None:
    notebook = Notebook()
    notebook.fail_on = {1}
    await write(cell, expired(CANDLE, 1), expired(CANDLE, 2))
    courier = Courier(cell, {HoldExpired: [notebook.note]})
    for _ in range(TRIES_MAX):
        await courier.deliver_all()
        await make_due(cell)
    await courier.deliver_all()
    assert notebook.seen == [(CANDLE, 2)]
    async with cell.read() as tx:
        parked = await find_parked(tx)
    assert parked is not None
    assert parked.error == "RuntimeError('not today')"


async def test_an_event_of_a_rolled_back_change_never_happened(cell: Cell) -> None:

    async def change(tx: Tx) -> None:
        await record(tx, expired(CANDLE, 1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cell.run(change)
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from event") == 0


async def test_two_couriers_share_the_work_without_repeating_any(cell: Cell) -> None:
    streams = [UUID(int=n) for n in range(64)]
    await write(cell, *(expired(stream, n) for n in range(1, 4) for stream in streams))
    async with cell.tx() as tx:
        await tx.execute("create table seen (n serial, stream uuid, quantity int)")

    async def note(tx: Tx, event: HoldExpired) -> None:
        await run(
            tx, "insert into seen (stream, quantity) values (%s, %s)",
            (event.variant, event.quantity),
        )  # fmt: skip

    table: dict[type[HoldExpired], list[Reaction]] = {HoldExpired: [note]}
    await asyncio.gather(*(Courier(cell, table).deliver_all() for _ in range(2)))
    await Courier(cell, table).deliver_all()
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select stream, array_agg(quantity order by n) from seen group by stream"
        )
        assert dict(await cursor.fetchall()) == {stream: [1, 2, 3] for stream in streams}


async def test_news_wake_the_courier_at_once(cell: Cell) -> None:
    arrived = asyncio.Event()

    async def ring(_tx: Tx, _event: SoldOut) -> None:
        arrived.set()

    courier = Courier(cell, {SoldOut: [ring]})
    serving = asyncio.create_task(courier.serve())
    await asyncio.sleep(0.05)  # it is waiting now
    await write(cell, SoldOut(market="FR", variant=CANDLE))
    await asyncio.wait_for(arrived.wait(), 30)
    serving.cancel()


PATIENCE_SECONDS = 20.0
"""How long the mail waits for the other to be heard."""
ALL_PRIORITIES = (
    OrderRefused(market="FR", order=CANDLE, checkout=MUG),
    WaitingOffered(market="FR", waiting=CANDLE, variant=BAG, hold=MUG, quantity=1, until=now()),
    PaymentReported(market="FR", payment=MUG, state="paid", reference=None, reason=None),
    SoldOut(market="FR", variant=BAG),
)


async def test_what_is_urgent_comes_first(cell: Cell) -> None:
    seen: list[str] = []

    async def note(_tx: Tx, event: object) -> None:
        seen.append(type(event).__name__)

    await write(cell, *ALL_PRIORITIES)
    await Courier(cell, {type(fact): [note] for fact in ALL_PRIORITIES}).deliver_all()
    assert seen == ["SoldOut", "PaymentReported", "WaitingOffered", "OrderRefused"]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ("high", "SoldOut"),
        ("normal", "PaymentReported"),
        ("soon", "WaitingOffered"),
        ("low", "OrderRefused"),
    ],
)
async def test_a_courier_of_a_priority_leaves_the_others_alone(
    cell: Cell, priority: Priority, expected: str
) -> None:
    seen: list[str] = []

    async def note(_tx: Tx, event: object) -> None:
        seen.append(type(event).__name__)

    await write(cell, *ALL_PRIORITIES)
    await Courier(cell, {type(fact): [note] for fact in ALL_PRIORITIES}, priority).deliver_all()
    assert seen == [expected]


async def wait_during(
    cell: Cell, slow: Fact, waits: Fact, couriers: tuple[Priority | None, ...]
) -> list[str]:
    """List what is done first: a mail that takes its time, or what somebody waits for."""
    done: list[str] = []
    begun, written, heard = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write_mail(_tx: Tx, _event: Fact) -> None:
        begun.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await heard.wait()
        done.append("mail")
        written.set()

    async def hear(_tx: Tx, _event: Fact) -> None:
        done.append("heard")
        heard.set()

    table: dict[type, list[Reaction]] = {type(slow): [write_mail], type(waits): [hear]}
    serving = [asyncio.create_task(Courier(cell, table, of).serve()) for of in couriers]
    async with asyncio.timeout(30):
        await write(cell, slow)
        await begun.wait()
        await write(cell, waits)
        await heard.wait()
        await written.wait()
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    return done


@pytest.mark.parametrize("slow", ALL_PRIORITIES[:2])
@pytest.mark.parametrize("waits", ALL_PRIORITIES[2:])
async def test_rooms_and_buyers_hear_at_once_whatever_is_written_meanwhile(
    cell: Cell, slow: Fact, waits: Fact
) -> None:
    assert await wait_during(cell, slow, waits, tuple(LANES)) == ["heard", "mail"]


async def test_with_one_courier_for_all_a_room_would_wait_for_the_mails(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PATIENCE_SECONDS", 0.5)
    slow, waits = ALL_PRIORITIES[0], ALL_PRIORITIES[3]
    assert await wait_during(cell, slow, waits, (None,)) == ["mail", "heard"]


@pytest.mark.parametrize(("lanes", "expected"), [((3, 9), [3, 9]), ((9, 3), [9, 3])])
async def test_the_lane_whose_event_is_oldest_comes_first(
    cell: Cell, lanes: tuple[int, int], expected: list[int]
) -> None:
    seen: list[int] = []

    async def note(_tx: Tx, event: OrderRefused) -> None:
        seen.append(event.order.int)

    for lane in lanes:
        order = UUID(int=lane)
        await write(cell, OrderRefused(market="FR", order=order, checkout=order))
    await Courier(cell, {OrderRefused: [note]}, "low").deliver_all()
    assert seen == expected


async def test_a_claim_among_many_reads_a_few_whatever_the_statistics_say(cell: Cell) -> None:
    async with cell.tx() as tx:
        await record(tx, *(expired(UUID(int=n), n) for n in range(3000)))
        await run(tx, "update event set delivered_at = at")
        await tx.execute("analyze event")  # in a quiet hour: nothing waits
        await record(tx, *(expired(UUID(int=n), n) for n in range(1000)))
        # A first event of each lane, and who waits for another try: nobody.
        assert await rows_read(tx, CLAIM, {"now": now(), "first": 0, "last": 31}) <= 2 * sum(
            map(len, LANES.values())
        )
