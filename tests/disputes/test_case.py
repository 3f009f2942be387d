"""What there is to tell a bank: what we know, in the buyer's language, and no more than that."""

from datetime import UTC, datetime

import msgspec
import pytest
import time_machine
from fastapi import FastAPI

from panier import markets, parcels, payments
from panier.disputes.case import Case, find_case, gather, list_invoices, print_receipt, seal
from panier.disputes.rules import BadProof, days_left, proof_kind
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.ids import new_id
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests.parcels import sold as laid
from tests.parcels.disputed import goodwill, hear
from tests.parcels.sold import Sold

DAY = datetime(2036, 11, 20, 12, tzinfo=UTC)


async def read_case(cell: Cell) -> Case:
    """Return the only dispute with its sale."""
    async with cell.read() as tx:
        dispute = await value(tx, "select id from dispute")
        return await find_case(tx, await markets.get_market(tx, "FR"), dispute)


async def sell(cell: Cell, settings: Settings, language: str = "en") -> Sold:
    return await laid.sell(cell, settings, Behaviour.DISPUTED, language=language)


async def dispute_delivered(cell: Cell, settings: Settings, app: FastAPI) -> Case:
    """Sell, deliver and dispute on one day."""
    with time_machine.travel(DAY, tick=False):
        sold = await sell(cell, settings)
        await laid.deliver(cell, sold)
        await hear(cell, settings, app)
        return await read_case(cell)


async def test_a_bank_is_told_what_was_bought_sent_and_signed_for(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    case = await dispute_delivered(cell, settings, app)
    sku = {line.unit_minor: line.sku for line in case.stories[0].lines}
    told = gather(case)
    assert told.product == (
        f"Order {case.numbers}\n"
        f"2 × Candle, Large ({sku[2490]}) – €49.80\n"
        f"3 × Candle, Large ({sku[999]}) – €29.97\n"
        "Delivery: €4.90"
    )
    assert (told.buyer, told.email) == ("Anna Martin", "anna@example.org")
    assert told.sent_to.splitlines()[0] == "Anna Martin"
    assert told.sent_to.splitlines()[-1] == "France"
    assert (told.carrier, told.tracking) == ("Colissimo", "6A1")
    assert (told.sent_on, told.took_place_on) == ("20 November 2036", "")
    assert told.history == (
        "Paid on 20 November 2036: €84.67.\n"
        "Handed to Colissimo on 20 November 2036: 6A1.\n"
        "Delivered on 20 November 2036."
    )
    assert told.statement == "", "that is for finance to say"


async def test_it_is_told_in_the_buyers_language(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    with time_machine.travel(DAY, tick=False):
        await sell(cell, settings, "de")
        await hear(cell, settings, app)
        told = gather(await read_case(cell))
    assert told.sent_to.splitlines()[-1] == "Frankreich"
    assert told.history == "Bezahlt am 20. November 2036: 84,67\xa0€."


async def test_an_arrival_that_we_only_assume_is_not_told_as_one(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    case = await dispute_delivered(cell, settings, app)
    assert "Delivered on" in gather(case).history
    case.parcels[0].assumed = True
    assert "Delivered on" not in gather(case).history
    case.parcels[0].state = "lost"
    assert "Lost on its way, as noted on 20 November 2036." in gather(case).history


async def test_what_the_buyer_has_back_already_is_told(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    with time_machine.travel(DAY, tick=False):
        sold = await sell(cell, settings)
        await laid.deliver(cell, sold)
        await goodwill(cell, sold, parcels.Wanted({}, {1: 1000}, 0))
        await laid.work(cell, settings)
        await hear(cell, settings, app)
        told = gather(await read_case(cell))
    assert "Given back to the buyer on 20 November 2036: €10.00." in told.history


async def test_a_place_in_a_slot_is_told_with_its_day_once_it_took_place(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    with time_machine.travel(DAY, tick=False):
        await sell(cell, settings)
        await hear(cell, settings, app)
        case = await read_case(cell)
    story = case.stories[0]
    line = story.lines[0]
    story.lines[0] = msgspec.structs.replace(
        line, starts_at=datetime(2036, 12, 31, 23, 30, tzinfo=UTC)
    )
    booked = story.units[line.n]._replace(booked=True)
    story.units[line.n] = booked
    assert gather(case).took_place_on == "", "it is to come, or was called off"
    story.units[line.n] = booked._replace(performed=1)
    told = gather(case)
    assert told.took_place_on == "1 January 2037", "on the market's own clock"
    assert (told.carrier, told.tracking, told.sent_on) == ("", "", "")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("refunded", "The buyer has all of the money back from us."),
        ("refunding", "All of the money is on its way back to the buyer."),
    ],
)
async def test_what_came_too_late_to_be_sold_is_not_told_as_bought(
    cell: Cell, settings: Settings, app: FastAPI, *, state: str, words: str
) -> None:
    await sell(cell, settings)
    await hear(cell, settings, app)
    async with cell.tx() as tx:
        await tx.execute("update orders set state = 'refused', paid_at = null")
        await tx.execute("update payment set state = %s", (state,))
    told = gather(await read_case(cell))
    assert told.product == ""
    assert told.history == f"There was nothing left to sell. {words}"


async def test_a_seal_tells_whether_the_same_was_read(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell(cell, settings)
    await hear(cell, settings, app)
    before = seal(gather(await read_case(cell)))
    assert seal(gather(await read_case(cell))) == before
    await laid.ship(cell, sold)
    assert seal(gather(await read_case(cell))) != before


async def test_a_payment_without_an_order_has_only_the_words(
    cell: Cell, settings: Settings
) -> None:
    case = Case(
        dispute=payments.Dispute(
            new_id(), new_id(), "dp_1", 100, "EUR", "open", "general", DAY, None
        ),
        payment=None,  # type: ignore[arg-type]
        checkout=None,
        stories=[],
        answer=None,
        market=None,  # type: ignore[arg-type]
    )
    assert gather(case) == payments.Evidence("", "", "")


async def test_all_invoices_go_as_one_pdf(cell: Cell, settings: Settings, app: FastAPI) -> None:
    await sell(cell, settings)
    await hear(cell, settings, app)
    case = await read_case(cell)
    async with cell.read() as tx:
        (document,) = await list_invoices(tx, case)
    assert await print_receipt([]) is None
    one, two = await print_receipt([document]), await print_receipt([document, document])
    assert one is not None
    assert two is not None
    assert (one.what, one.name, one.media_type) == (
        "receipt", f"{document.number}.pdf", "application/pdf",
    )  # fmt: skip
    assert (b"/Count 1" in one.body, b"/Count 2" in two.body) == (True, True), "pages"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7", ("pdf", "application/pdf")),
        (b"\x89PNG\r\n\x1a\n", ("png", "image/png")),
        (b"\xff\xd8\xff\xe0", ("jpg", "image/jpeg")),
    ],
)
def test_a_file_is_known_by_how_it_begins(data: bytes, kind: tuple[str, str]) -> None:
    assert proof_kind(data) == kind


@pytest.mark.parametrize("data", [b"", b"MZ", b"<html>", b" %PDF-1.7"])
def test_any_other_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        proof_kind(data)


def test_days_are_counted_whole_and_the_last_is_none() -> None:
    assert days_left(datetime(2036, 11, 23, 11, tzinfo=UTC), DAY) == 2
    assert days_left(datetime(2036, 11, 20, 13, tzinfo=UTC), DAY) == 0
    assert days_left(datetime(2036, 11, 20, 11, tzinfo=UTC), DAY) is None
    assert days_left(None, DAY) is None
