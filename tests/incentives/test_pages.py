"""Who sees, makes, agrees to and ends which vouchers, and what the list says."""

import csv
import io
from collections.abc import AsyncIterator
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from panier import incentives, people
from panier.kit.cells import Cell
from panier.runtime import Runtime
from tests.door import browser, give_role, open_door, sign_up
from tests.incentives.laid import enter, lay_voucher, redeem, who
from tests.shop import Shop, lay_shop

PLATFORM = {"code": "welcome", "kind": "percent", "amount": "12,5", "funding": "100",
            "buyer_max": "1"}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def client(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a browser signed in as Anna."""
    async with browser(await open_door(runtime)) as opened:
        await sign_up(opened)
        await opened.post("/fr/language", data={"language": "en", "back": "/fr/"})
        yield opened


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def employ(cell: Cell, seller: UUID) -> None:
    """Let Anna work for a seller."""
    async with cell.tx() as tx:
        anna = await people.find_person_by_email(tx, "anna@example.com")
        assert anna is not None
        await people.grant_role(tx, anna.id, "seller", "FR", seller)


async def find(cell: Cell, code: str) -> incentives.Voucher:
    async with cell.read() as tx:
        found = await incentives.find_voucher(tx, code)
    assert found is not None
    return found


async def test_the_market_team_makes_and_ends_vouchers_of_the_platform(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell)
    assert (await client.get("/fr/vouchers")).status_code == 403
    assert (await client.post("/fr/vouchers", data=PLATFORM)).status_code == 403
    await give_role(cell, "market")
    assert "No vouchers yet" in (await client.get("/fr/vouchers")).text
    assert (await client.post("/fr/vouchers", data=PLATFORM)).status_code == 303
    voucher = await find(cell, "WELCOME")
    assert (voucher.basis_points, voucher.funding_basis_points, voucher.seller_id) == (
        1250,
        10_000,
        None,
    )
    page = await client.get("/fr/vouchers?said=made")
    assert "WELCOME" in page.text
    assert "12.5%" in page.text
    assert (await client.post("/fr/vouchers", data=PLATFORM)).status_code == 409
    assert (await client.post(f"/fr/vouchers/{voucher.id}/end")).status_code == 303
    assert (await find(cell, "WELCOME")).ended_at is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "A!"},
        {"amount": "0"},
        {"amount": "lots"},
        {"kind": "gift"},
        {"kind": "fixed", "amount": "1.234"},
        {"funding": "30"},
        {"uses_max": "0"},
        {"last_day": "tomorrow"},
        {"product": "x"},
    ],
)
async def test_a_form_that_makes_no_sense_says_what_is_wrong(
    cell: Cell, client: httpx2.AsyncClient, wrong: dict[str, str]
) -> None:
    await lay(cell)
    await give_role(cell, "market")
    answer = await client.post("/fr/vouchers", data=PLATFORM | wrong)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text


async def test_a_sellers_staff_make_and_see_their_own_only(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    mine, other = await lay(cell), await lay(cell)
    platform = await lay_voucher(cell)
    theirs = await lay_voucher(cell, "THEIRS", seller=other.seller)
    await employ(cell, mine.seller)
    form = {**PLATFORM, "code": "MINE", "of": str(mine.seller)}
    assert (await client.post("/fr/vouchers", data=form)).status_code == 303
    made = await find(cell, "MINE")
    assert (made.seller_id, made.funding_basis_points) == (mine.seller, 0)
    refused = await client.post("/fr/vouchers", data={**form, "of": str(other.seller)})
    assert refused.status_code == 422
    page = await client.get("/fr/vouchers")
    assert "MINE" in page.text
    assert "THEIRS" not in page.text
    for voucher in (platform, theirs):
        answer = await client.post(f"/fr/vouchers/{voucher.id}/end")
        assert answer.status_code == 404


async def test_a_joint_voucher_is_agreed_to_by_the_seller_themselves(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await give_role(cell, "market")
    form = {**PLATFORM, "funding": "30", "of": str(shop.seller)}
    assert (await client.post("/fr/vouchers", data=form)).status_code == 303
    voucher = await find(cell, "WELCOME")
    assert "Waits for the seller" in (await client.get("/fr/vouchers")).text
    assert (await client.post(f"/fr/vouchers/{voucher.id}/agree")).status_code == 403
    await employ(cell, shop.seller)
    assert (await client.post(f"/fr/vouchers/{voucher.id}/agree")).status_code == 303
    assert (await find(cell, "WELCOME")).agreed_at is not None


async def test_the_file_tells_uses_and_cost(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell)
    await lay_voucher(cell, uses_max=9)
    await enter(cell, who(1))
    checkout, _ = await redeem(cell, shop, who(1))
    async with cell.tx() as tx:
        await incentives.confirm(tx, [checkout])
    assert (await client.get("/fr/vouchers.csv")).status_code == 403
    await give_role(cell, "finance")
    answer = await client.get("/fr/vouchers.csv")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["code"], row["state"], row["uses_max"]) == ("TEN", "valid", "9")
    assert (row["paid_uses"], row["given_minor"], row["platform_minor"]) == ("1", "249", "249")
    assert (await client.post("/fr/vouchers", data=PLATFORM)).status_code == 403
