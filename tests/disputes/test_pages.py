"""What finance sees of disputes and does about them; and that nobody else can."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
import time_machine
from fastapi import FastAPI

from panier import disputes, payments, people
from panier.disputes.rules import PROOF_BYTES_MAX
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.payments import sandbox
from panier.payments.rules import Behaviour
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.door import browser, give_role, sign_up
from tests.parcels import sold as laid
from tests.parcels.disputed import hear
from tests.parcels.sold import Sold

PNG = b"\x89PNG\r\n\x1a\n signed for by A. Martin"


@pytest_asyncio.fixture(loop_scope="session")
async def sold(cell: Cell, settings: Settings, app: FastAPI) -> Sold:
    """Sell for 84.67, deliver it, and let the buyer's bank dispute it."""
    made = await laid.sell(cell, settings, Behaviour.DISPUTED)
    await laid.deliver(cell, made)
    await hear(cell, settings, app)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def finance(cell: Cell, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Sign one of finance in, who reads English."""
    await sign_up(client)
    await give_role(cell, "finance")
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    return client


async def page_of(cell: Cell) -> str:
    """Return the address of the only dispute."""
    async with cell.read() as tx:
        return f"/fr/disputes/{await value(tx, 'select id from dispute')}"


async def read(finance: httpx2.AsyncClient, base: str, **words: str) -> dict[str, str]:
    """Read a dispute's page; returns the form to hand in."""
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', (await finance.get(base)).text)
    assert seen is not None
    return {"key": str(new_id()), "seen": seen[1], **words}


async def at_bank(cell: Cell) -> dict[str, str] | None:
    async with cell.read() as tx:
        found: dict[str, str] | None = await value(tx, "select evidence from sandbox_dispute")
    return found


async def test_only_finance_sees_and_answers_disputes(
    cell: Cell, client: httpx2.AsyncClient, sold: Sold
) -> None:
    base, key = await page_of(cell), {"key": str(new_id())}

    async def statuses() -> set[int]:
        json = {"accept": "application/json"}
        reads = ["/fr/disputes", "/fr/disputes.csv", base, f"{base}/receipt", f"{base}/proof"]
        reads.append(f"{base}/from/{sold.shop.seller}")
        answers = [await client.get(path, headers=json) for path in reads]
        answers += [
            await client.post(f"{base}/evidence", data=key, headers=json),
            await client.post(f"{base}/concede", data=key, headers=json),
        ]
        return {answer.status_code for answer in answers}

    assert await statuses() == {401}
    await sign_up(client)
    for role in ("host", "market"):
        await give_role(cell, role)
        assert await statuses() == {403}
    await give_role(cell, "finance", "GB")
    assert await statuses() == {403}
    assert (await client.get(base.replace("/fr/", "/gb/"))).status_code == 404
    assert await at_bank(cell) is None


async def test_finance_finds_what_to_answer_and_until_when(
    cell: Cell, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    page = (await finance.get("/fr/disputes")).text
    assert "€84.67" in page
    assert "The buyer says that nothing arrived." in page
    assert "days left" not in page, "a week is enough"
    with time_machine.travel(now() + timedelta(days=5), tick=False):
        assert "1 day left" in (await finance.get("/fr/disputes")).text
    with time_machine.travel(now() + timedelta(days=8), tick=False):
        assert "Too late" in (await finance.get("/fr/disputes")).text
    assert "Nothing was decided yet" in (await finance.get("/fr/disputes?state=decided")).text
    (row,) = csv.DictReader(io.StringIO((await finance.get("/fr/disputes.csv")).text))
    assert (row["state"], row["minor"], row["currency"]) == ("open", "8467", "EUR")
    assert (row["reason"], row["answer"]) == ("product_not_received", "")


async def test_evidence_goes_to_the_bank_as_it_was_read_with_invoice_and_proof(
    cell: Cell, settings: Settings, app: FastAPI, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    page = (await finance.get(base)).text
    assert "What the bank will be told" in page
    assert "6A1" in page
    receipt = await finance.get(f"{base}/receipt")
    assert (receipt.status_code, receipt.content[:5]) == (200, b"%PDF-")
    form = await read(finance, base, statement="She signed for it.\r\nSee the picture.")
    for _ in range(2):  # pressed twice
        answer = await finance.post(
            f"{base}/evidence", data=form, files={"proof": ("scan.png", PNG, "text/html")}
        )
        assert answer.status_code == 303, answer.text
    assert "On its way to the payment provider" in (await finance.get(base)).text
    await payments.send_answers(cell, settings)
    page = (await finance.get(base)).text
    assert "Handed in" in page
    assert "Anna Martin" in page, "who handed it in"
    assert "Hand it in" not in page
    told = await at_bank(cell)
    assert told is not None
    assert told["statement"] == "She signed for it.\nSee the picture."
    assert told["history"].startswith("Paid on ")
    assert told["tracking"] == "6A1"
    proof = await finance.get(f"{base}/proof")
    assert (proof.content, proof.headers["content-type"]) == (PNG, "image/png")
    assert proof.headers["content-disposition"] == 'attachment; filename="proof.png"'
    assert (await finance.get(f"{base}/receipt")).status_code == 200
    async with cell.tx() as tx:
        await sandbox.decide(tx, str(await value(tx, "select id from sandbox_dispute")), won=True)
    await hear(cell, settings, app)
    assert "The bank has given the money back to us" in (await finance.get(base)).text
    assert "€84.67" in (await finance.get("/fr/disputes?state=decided")).text
    assert "No open dispute" in (await finance.get("/fr/disputes")).text


async def test_four_thousand_characters_with_breaks_are_not_too_many(
    cell: Cell, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    words = "a\r\n" * 1999 + "a\0b"  # as browsers send what they counted as 3,999 + 1
    answer = await finance.post(f"{base}/evidence", data=await read(finance, base, statement=words))
    assert answer.status_code == 303, answer.text


async def test_what_changed_after_it_was_read_is_read_once_more(
    cell: Cell, settings: Settings, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    form = await read(finance, base, statement="She signed for it.")
    async with cell.tx() as tx:
        await tx.execute("update parcel set tracking = '6A2'")
    answer = await finance.post(f"{base}/evidence", data=form)
    assert answer.status_code == 409
    assert "What we know of this sale has changed meanwhile." in answer.text
    assert "6A2" in answer.text
    assert "She signed for it.</textarea>" in answer.text
    assert await payments.send_answers(cell, settings) == 0


@pytest.mark.parametrize("reason", ["answered", "decided"])
async def test_where_no_answer_is_taken_any_more_none_is_asked_for(
    cell: Cell, finance: httpx2.AsyncClient, sold: Sold, reason: str
) -> None:
    base = await page_of(cell)
    await finance.post(f"{base}/evidence", data=await read(finance, base))
    async with cell.tx() as tx:
        await tx.execute(
            "update dispute_answer set state = 'refused', reason = %s, look_at = null", (reason,)
        )
    assert "Hand it in" not in (await finance.get(base)).text
    page = (await finance.get("/fr/disputes")).text
    assert re.search(r'To answer</span><span class="value">0<', page)


async def test_an_answer_that_does_not_get_there_wants_somebody_to_look(
    cell: Cell, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    await finance.post(f"{base}/evidence", data=await read(finance, base))
    waiting = re.compile(r'To answer</span><span class="value">(\d+)<')
    assert waiting.findall((await finance.get("/fr/disputes")).text) == ["0"]
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        assert waiting.findall((await finance.get("/fr/disputes")).text) == ["1"]


async def test_who_gives_in_takes_the_money_back_from_all(
    cell: Cell, settings: Settings, app: FastAPI, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    answer = await finance.post(f"{base}/concede", data={"key": str(new_id())})
    assert answer.status_code == 303
    await payments.send_answers(cell, settings)
    await hear(cell, settings, app)
    page = (await finance.get(base)).text
    assert "We gave in" in page
    assert "The bank has left the money with the buyer." in page
    assert await laid.state(cell, sold.order) == "refunded"
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize(
    ("form", "file", "status"),
    [
        ({"key": "no key"}, b"", 422),
        ({"statement": "x" * 4001}, b"", 422),
        ({"statement": "My words."}, b"<script>", 422),
        ({"statement": "My words."}, b"%PDF-" + b"x" * PROOF_BYTES_MAX, 413),
        ({"statement": "My words.", "seen": "something else"}, b"", 409),
    ],
)
async def test_what_cannot_be_read_is_refused_and_nothing_is_sent(
    cell: Cell,
    settings: Settings,
    finance: httpx2.AsyncClient,
    sold: Sold,
    *,
    form: dict[str, str],
    file: bytes,
    status: int,
) -> None:
    base = await page_of(cell)
    files = {"proof": ("proof.pdf", file, "application/pdf")} if file else None
    given = await read(finance, base) | form
    answer = await finance.post(f"{base}/evidence", data=given, files=files)
    assert answer.status_code == status, answer.text
    if form.get("statement") == "My words.":
        assert "My words.</textarea>" in answer.text, "nothing has to be written again"
    assert await payments.send_answers(cell, settings) == 0
    unknown = await finance.get(f"/fr/disputes/{UUID(int=1)}")
    assert unknown.status_code == 404


async def test_an_answer_that_is_not_taken_comes_back_to_finance_by_mail_and_on_the_page(
    cell: Cell, settings: Settings, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    base = await page_of(cell)
    await finance.post(
        f"{base}/evidence", data=await read(finance, base, statement="She signed for it.")
    )
    async with cell.tx() as tx:
        await tx.execute("update sandbox_dispute set at = at - interval '8 days'")
    await payments.send_answers(cell, settings)
    await Courier(cell, REACTIONS).deliver_all()
    page = (await finance.get(base)).text
    assert "What we answered was not taken." in page
    assert "The bank takes no more evidence." in page
    assert "She signed for it.</textarea>" in page
    async with cell.read() as tx:
        cursor = await tx.execute("select subject, body_text from mail order by id desc limit 1")
        ((subject, body),) = await cursor.fetchall()
    assert subject == "The answer to a dispute was not taken"
    assert base in body


@pytest_asyncio.fixture(loop_scope="session")
async def seller(app: FastAPI, cell: Cell, sold: Sold) -> AsyncIterator[httpx2.AsyncClient]:
    """Sign somebody of the seller in, who reads English."""
    async with browser(app) as client:
        await sign_up(client, "zoe@example.com")
        await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
        async with cell.tx() as tx:
            person = await people.find_person_by_email(tx, "zoe@example.com")
            assert person
            await people.grant_role(tx, person.id, "seller", "FR", sold.shop.seller)
        yield client


async def test_what_a_seller_tells_goes_to_finance_and_with_their_leave_to_the_bank(
    cell: Cell,
    settings: Settings,
    finance: httpx2.AsyncClient,
    seller: httpx2.AsyncClient,
    sold: Sold,
) -> None:
    page = f"/fr/seller/orders/{sold.order}/dispute"
    assert page in (await seller.get(f"/fr/seller/orders/{sold.order}")).text
    assert "What proves the sale?" in (await seller.get(page)).text
    told = {"words": "The carrier has her signature."}
    files = {"proof": ("signed.png", PNG, "image/png")}
    answer = await seller.post(page, data=told, files=files)
    assert answer.headers["location"] == f"{page}?done"
    answer = await seller.post(page, data={"words": "The carrier has her name, too."})
    assert answer.status_code == 303, "only the words change"
    assert (await seller.get(f"{page}/file")).content == PNG
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select body_text from mail where recipient = 'anna@example.com' order by id"
        )
        letters = [row[0] for row in await cursor.fetchall()]
    assert sum("has told what proves the sale" in letter for letter in letters) == 2
    base = await page_of(cell)
    assert base in letters[-1]
    case = (await finance.get(base)).text
    assert "The carrier has her name, too.</textarea>" in case
    assert (await finance.get(f"{base}/from/{sold.shop.seller}")).content == PNG
    form = await read(finance, base, statement="She signed.", theirs=str(sold.shop.seller))
    assert (await finance.post(f"{base}/evidence", data=form)).status_code == 303
    assert (await finance.get(f"{base}/proof")).content == PNG
    late = await seller.post(page, data=told, headers={"accept": "application/json"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "answered")
    assert "nothing can be added any more" in (await seller.get(page)).text


async def test_a_seller_tells_of_their_own_sales_only_and_something(
    cell: Cell, client: httpx2.AsyncClient, seller: httpx2.AsyncClient, sold: Sold
) -> None:
    page, json = f"/fr/seller/orders/{sold.order}/dispute", {"accept": "application/json"}
    empty = await seller.post(page, data={"words": " "}, headers=json)
    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "nothing_to_tell")
    script = {"proof": ("a.pdf", b"<script>", "application/pdf")}
    refused = await seller.post(page, data={"words": "x"}, files=script, headers=json)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_proof")
    assert (await seller.get(f"{page}/file", headers=json)).status_code == 404
    assert (await seller.get(f"/fr/seller/orders/{UUID(int=1)}/dispute")).status_code == 404

    async def statuses() -> set[int]:
        reads = [await client.get(path, headers=json) for path in (page, f"{page}/file")]
        write = await client.post(page, data={"words": "x"}, headers=json)
        return {answer.status_code for answer in (*reads, write)}

    assert await statuses() == {401}
    await sign_up(client)
    await give_role(cell, "host")
    assert await statuses() == {403}
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from dispute_note") == 0


async def test_finance_is_reminded_once_while_there_is_time(
    cell: Cell, settings: Settings, finance: httpx2.AsyncClient, sold: Sold
) -> None:
    async def remind_after(days: float) -> int:
        with time_machine.travel(now() + timedelta(days=days), tick=False):
            return await disputes.remind(cell)

    assert [await remind_after(days) for days in (4.9, 5.1, 5.2)] == [0, 1, 0]
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select subject from mail where recipient = 'anna@example.com' order by id desc limit 1"
        )
        assert await cursor.fetchone() == ("1 dispute wants an answer soon",)


@pytest.mark.parametrize("reason", ["answered", "too late"])
async def test_nobody_is_reminded_of_what_is_answered_or_over(
    cell: Cell, settings: Settings, finance: httpx2.AsyncClient, sold: Sold, reason: str
) -> None:
    if reason == "answered":
        base = await page_of(cell)
        await finance.post(f"{base}/evidence", data=await read(finance, base))
        await payments.send_answers(cell, settings)
    days = 6 if reason == "answered" else 8
    with time_machine.travel(now() + timedelta(days=days), tick=False):
        assert await disputes.remind(cell) == 0
