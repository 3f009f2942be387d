"""The door, and a market that is opened by data alone."""

from datetime import date

import httpx2
import pytest
from fastapi import FastAPI

from panier import markets
from panier.kit.errors import NotFound
from panier.runtime import Runtime
from tests.door import browser, give_role, sign_up


async def test_a_stranger_chooses_among_the_open_markets(client: httpx2.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert 'href="/fr/" lang="fr"' in page.text
    assert 'href="/gb/" lang="en"' in page.text
    assert "Deutschland" not in page.text


async def test_who_was_here_before_is_led_to_their_market_and_may_choose_again(
    client: httpx2.AsyncClient,
) -> None:
    await client.get("/gb/sign-in")
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/gb/")
    assert (await client.get("/?choose")).status_code == 200


async def test_a_remembered_market_that_has_closed_leads_nowhere(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await client.get("/gb/sign-in")
    async with runtime.cells.of("GB").tx() as tx:
        await markets.move(tx, "GB", "closing")
        await markets.move(tx, "GB", "closed")
    page = await client.get("/")
    assert page.status_code == 200
    assert "/gb/" not in page.text
    assert (await client.get("/gb/sign-in")).status_code == 404


@pytest.mark.parametrize("path", ["/xx/sign-in", "/FR/sign-in", "/fra/sign-in", "/de/sign-in"])
async def test_an_unknown_or_unopened_market_is_not_found(
    client: httpx2.AsyncClient, path: str
) -> None:
    assert (await client.get(path)).status_code == 404


async def test_germany_opens_by_data_alone(client: httpx2.AsyncClient, runtime: Runtime) -> None:
    cell = runtime.cells.of("DE")
    async with cell.tx() as tx:
        await markets.move(tx, "DE", "pilot")
    assert (await client.get("/de/sign-in")).status_code == 200
    assert "Deutschland" not in (await client.get("/?choose")).text
    async with cell.tx() as tx:
        await markets.move(tx, "DE", "open")
    assert "Deutschland" in (await client.get("/?choose")).text
    page = await client.get("/de/sign-in", headers={"accept-language": "pl"})
    assert '<html lang="de">' in page.text
    form = {"email": "gisela@example.com", "name": "Gisela", "password": "vier lose Wörter"}
    assert (await client.post("/de/sign-up", data=form)).headers["location"] == "/de/"
    assert (await client.get("/de/account")).status_code == 200
    async with cell.read() as tx:
        assert await markets.get_vat_rate(tx, "DE", "standard", date(2026, 11, 21)) == 1900


async def test_a_draft_is_seen_by_its_own_team_only(app: FastAPI, runtime: Runtime) -> None:
    async with browser(app) as team, browser(app) as others:
        await sign_up(team)
        await sign_up(others, "ben@example.com")
        await give_role(runtime.cells.of("DE"), "market", "DE")
        assert (await team.get("/de/account")).status_code == 200
        assert (await others.get("/de/account")).status_code == 404


async def test_markets_are_read_seldom_and_a_change_here_is_seen_at_once(
    app: FastAPI, runtime: Runtime
) -> None:
    cell = runtime.cells.of("FR")
    assert (await markets.access_market(runtime.cells, "FR")).stage == "open"
    async with cell.tx() as tx:  # behind the back of this process
        await tx.execute("update market set stage = 'paused' where code = 'FR'")
    assert (await markets.access_market(runtime.cells, "FR")).stage == "open"
    async with cell.tx() as tx:
        await markets.move(tx, "GB", "paused")
    assert (await markets.access_market(runtime.cells, "FR")).stage == "paused"
    with pytest.raises(NotFound):
        await markets.access_market(runtime.cells, "PL")
