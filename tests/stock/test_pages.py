"""What a seller sees and changes of their stock, and what of others' they do not."""

import csv
import io
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import people
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from tests.door import browser, give_role, sign_up
from tests.shop import Shop, lay_shop
from tests.stock.laid import counts, lay


async def sign_in(client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})


async def employ(cell: Cell, seller: UUID) -> None:
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await people.grant_role(tx, person.id, "seller", "FR", seller)


async def sku_of(cell: Cell, shop: Shop) -> str:
    async with cell.read() as tx:
        cursor = await tx.execute("select sku from variant where id = %s", (shop.variant,))
        [(sku,)] = await cursor.fetchall()
        return str(sku)


async def change(
    client: httpx2.AsyncClient, shop: Shop, reason: str, quantity: str, key: UUID | None = None
) -> httpx2.Response:
    form = {"reason": reason, "quantity": quantity, "note": "=Monday", "key": str(key or new_id())}
    return await client.post(f"/fr/seller/stock/{shop.variant}/change", data=form)


async def test_a_seller_sees_and_changes_their_own_stock_only(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        mine, other = await lay_shop(tx, 3), await lay_shop(tx, 99)
    await sign_in(client)
    await employ(cell, mine.seller)
    page = await client.get("/fr/seller/stock")
    assert page.status_code == 200
    assert await sku_of(cell, mine) in page.text
    assert await sku_of(cell, other) not in page.text
    assert (await client.get(f"/fr/seller/stock/{other.variant}")).status_code == 403
    assert (await change(client, other, "restock", "1")).status_code == 403
    assert (await client.get(f"/fr/seller/stock/{new_id()}")).status_code == 404
    assert (await change(client, mine, "restock", "4")).status_code == 303
    assert (await change(client, mine, "damage", "2")).status_code == 303
    assert await counts(cell, mine) == (5, 0, 0)
    detail = await client.get(f"/fr/seller/stock/{mine.variant}")
    assert "Anna Martin" in detail.text
    assert "Broken or lost" in detail.text


async def test_a_form_sent_twice_changes_the_stock_once(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop, key = await lay(cell, 3), new_id()
    await sign_in(client)
    await give_role(cell, "market")
    for _ in range(2):
        assert (await change(client, shop, "restock", "4", key)).status_code == 303
    assert await counts(cell, shop) == (7, 0, 0)


async def test_counting_anew_says_what_is_there(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell, 3)
    await sign_in(client)
    await give_role(cell, "market")
    assert (await change(client, shop, "correction", "0")).status_code == 303
    assert await counts(cell, shop) == (0, 0, 0)


@pytest.mark.parametrize("quantity", ["", "many", "-1", "0", "1000001", "1.5"])
async def test_what_is_no_number_of_units_is_said_beside_the_field(
    cell: Cell, client: httpx2.AsyncClient, quantity: str
) -> None:
    shop = await lay(cell, 3)
    await sign_in(client)
    await give_role(cell, "market")
    answer = await change(client, shop, "restock", quantity)
    assert answer.status_code == 422
    assert "A number of units from 1 to 1000000." in answer.text
    assert 'value="=Monday"' in answer.text
    assert await counts(cell, shop) == (3, 0, 0)


async def test_finance_looks_and_strangers_do_not(
    cell: Cell, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 3)
    await sign_in(client)
    assert (await client.get("/fr/seller/stock")).status_code == 403
    await give_role(cell, "finance")
    page = await client.get(f"/fr/seller/stock/{shop.variant}")
    assert page.status_code == 200
    assert "Change the stock" not in page.text
    assert (await change(client, shop, "restock", "1")).status_code == 403
    assert (await send_file(client, "sku,quantity,reason\n")).status_code == 403
    async with browser(app) as nobody:
        asked = await nobody.get("/fr/seller/stock")
    assert asked.status_code == 303


async def test_low_stock_is_marked_and_its_threshold_is_the_sellers(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 3)
    sku = await sku_of(cell, shop)
    await sign_in(client)
    await give_role(cell, "market")
    assert sku in (await client.get("/fr/seller/stock?low=1")).text
    path = f"/fr/seller/stock/{shop.variant}/alert"
    assert (await client.post(path, data={"low_at": "2"})).status_code == 303
    page = await client.get("/fr/seller/stock?low=1")
    assert sku not in page.text
    assert "No variant looks like this" in page.text
    assert (await client.post(path, data={"low_at": "few"})).status_code == 422


async def test_units_are_set_aside_for_a_show_and_freed(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 10)
    await sign_in(client)
    await give_role(cell, "market")
    path = f"/fr/seller/stock/{shop.variant}"
    assert "Every show sells from the same stock" in (await client.get(path)).text
    form = {"show": str(shop.show), "units": "11", "beyond": "true"}
    refused = await client.post(f"{path}/allocate", data=form)
    assert refused.status_code == 409
    assert "Only 10 left." in refused.text
    form["units"] = "8"
    assert (await client.post(f"{path}/allocate", data=form)).status_code == 303
    assert await counts(cell, shop) == (2, 0, 0)
    assert "sells free units too" in (await client.get(path)).text
    freed = await client.post(f"{path}/free", data={"show": str(shop.show)})
    assert freed.status_code == 303
    assert await counts(cell, shop) == (10, 0, 0)
    assert "over, the rest is free again" in (await client.get(path)).text


async def send_file(
    client: httpx2.AsyncClient, text: str | bytes, key: UUID | None = None
) -> httpx2.Response:
    content = text.encode() if isinstance(text, str) else text
    return await client.post(
        "/fr/seller/stock/import",
        data={"key": str(key or new_id())},
        files={"file": ("stock.csv", content, "text/csv")},
    )


async def test_a_file_changes_everything_once(cell: Cell, client: httpx2.AsyncClient) -> None:
    async with cell.tx() as tx:
        candle, mug = await lay_shop(tx, 3), await lay_shop(tx, 5)
    await sign_in(client)
    await give_role(cell, "market")
    key = new_id()
    text = (
        "\ufeffSKU;Quantity;Reason;Note\r\n"
        f"{await sku_of(cell, candle)};24;restock;Monday\r\n\r\n"
        f"{await sku_of(cell, mug)};-2;damage;\r\n{await sku_of(cell, mug)};1;;\r\n"
    )
    for _ in range(2):
        answer = await send_file(client, text, key)
        assert answer.headers["location"] == "/fr/seller/stock?imported=3"
    assert await counts(cell, candle) == (27, 0, 0)
    assert await counts(cell, mug) == (4, 0, 0)
    assert (
        "3 lines of the file were applied."
        in (await client.get("/fr/seller/stock?imported=3")).text
    )


async def test_one_wrong_line_and_nothing_is_changed(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        mine, other = await lay_shop(tx, 3), await lay_shop(tx, 5)
    await sign_in(client)
    await employ(cell, mine.seller)
    sku = await sku_of(cell, mine)
    answer = await send_file(
        client,
        f"sku,quantity,reason\n{sku},24,restock\n{sku},-28,damage\n{sku},x,restock\n"
        f"{sku},1,gift\n{sku},5,damage\n{await sku_of(cell, other)},1,restock\n",
    )
    assert answer.status_code == 422
    for said in (
        "Nothing was changed: some lines of the file are wrong.",
        "Line 3: Only 27 left.",
        "Line 4: “x” is not a number of units to add or take away",
        "Line 5: the reason must be one of restock, correction, damage, import",
        "Line 6: New goods add units and damage takes them away",
        f"Line 7: no product of yours has the number “{await sku_of(cell, other)}”",
    ):
        assert said in answer.text
    assert "Line 2:" not in answer.text
    assert await counts(cell, mine) == (3, 0, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the first line must name the columns sku, quantity, reason"),
        (b"number,units\n1,2\n", "the first line must name the columns sku, quantity, reason"),
        (b"sku,quantity,reason\n\n", "there is no line below the first one"),
        (b"sku,quantity,reason\n\xe9,1,restock\n", "please save the file as CSV in UTF-8"),
        (b"sku,quantity,reason\n" + b"a,1,restock\n" * 5001, "at most 5000 lines"),
    ],
)
async def test_a_file_that_is_none_is_said_so(
    cell: Cell, client: httpx2.AsyncClient, content: bytes, said: str
) -> None:
    await lay(cell, 3)
    await sign_in(client)
    await give_role(cell, "market")
    answer = await send_file(client, content)
    assert answer.status_code == 422
    assert said in answer.text


async def read_csv(client: httpx2.AsyncClient, path: str) -> list[dict[str, str]]:
    answer = await client.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_list_and_history_come_as_files_without_formulas(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, 3)
    await sign_in(client)
    await give_role(cell, "market")
    await change(client, shop, "restock", "4")
    [row] = await read_csv(client, "/fr/seller/stock.csv")
    assert (row["title"], row["available"], row["sold"], row["low_at"]) == ("Candle", "7", "0", "5")
    latest, _first = await read_csv(client, f"/fr/seller/stock/{shop.variant}/history.csv")
    assert (latest["change"], latest["reason"], latest["note"]) == ("4", "restock", "'=Monday")


async def test_the_list_goes_on_behind_its_last_variant(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    for _ in range(51):
        await lay(cell, 3)
    await sign_in(client)
    await give_role(cell, "market")
    page = await client.get("/fr/seller/stock")
    assert page.text.count('class="row-link"') == 50
    after = page.text.split("stock?after=")[1].split('"')[0]
    rest = await client.get(f"/fr/seller/stock?after={after}")
    assert rest.text.count('class="row-link"') == 1
