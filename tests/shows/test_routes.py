"""The studio's buttons over HTTP: who may press them, what they answer."""

from datetime import timedelta
from uuid import UUID

import pytest

from panier import shows
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from tests.shows.conftest import Open
from tests.shows.laid import NOBODY, lay, lay_person, lay_show


async def test_a_host_runs_a_show_from_the_calendar_to_its_end(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    host = await browse(laid.host)
    starts = ms(now() + timedelta(days=1))
    made = await host.post(
        "/fr/api/shows",
        json={
            "title": "Noël à l’atelier",
            "starts_at": starts,
            "language": "fr",
            "products": [str(product) for product in laid.products],
        },
    )
    assert made.status_code == 201
    show = made.json()
    assert (show["slug"], show["state"], show["starts_at"], show["path"]) == (
        "noel-a-l-atelier",
        "scheduled",
        starts,
        "/fr/live/noel-a-l-atelier",
    )
    here = f"/fr/api/shows/{show['id']}"
    assert (await host.post(f"{here}/rehearse")).json()["state"] == "rehearsing"
    assert (await host.post(f"{here}/go-live")).json()["live_at"] >= ms(now()) - 5000
    pinned = await host.post(f"{here}/pin", json={"product": str(laid.products[1])})
    assert (pinned.status_code, pinned.content) == (204, b"")
    async with cell.read() as tx:
        present = await shows.find_pin(tx, UUID(show["id"]))
    assert present is not None
    assert present.product == laid.products[1]
    assert (await host.post(f"{here}/unpin")).status_code == 204
    sheet = {"products": [str(laid.products[2])]}
    assert (await host.put(f"{here}/run-sheet", json=sheet)).status_code == 204
    refused = await host.post(f"{here}/pin", json={"product": str(laid.products[1])})
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "not_on_run_sheet"
    assert (await host.post(f"{here}/end")).json()["state"] == "ended"
    again = await host.post(f"{here}/go-live")
    assert again.status_code == 409
    assert again.json()["error"] == {
        "code": "state_refused",
        "message": "The show has moved on, so this is not possible any more; please look again.",
        "details": {"state": "ended", "to": "live"},
    }


async def test_a_show_chooses_its_stock_rule_until_it_is_on_air(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    host = await browse(laid.host)
    wanted = {"title": "Rare", "starts_at": ms(now() + timedelta(days=1)), "language": "fr"}
    first = await host.post("/fr/api/shows", json={**wanted, "stock_rule": "first_paid"})
    assert first.json()["stock_rule"] == "first_paid"
    usual = (await host.post("/fr/api/shows", json=wanted)).json()
    assert usual["stock_rule"] == "hold"
    here = f"/fr/api/shows/{usual['id']}"
    assert (await host.put(f"{here}/stock-rule", json={"stock_rule": "auction"})).status_code == 422
    for rule in ("first_paid", "hold", "first_paid"):
        changed = await host.put(f"{here}/stock-rule", json={"stock_rule": rule})
        assert changed.json()["stock_rule"] == rule
    assert await shows.is_first_paid(cell, UUID(usual["id"]))
    assert not await shows.is_first_paid(cell, NOBODY)
    for step in ("go-live", "end"):
        await host.post(f"{here}/{step}")
        refused = await host.put(f"{here}/stock-rule", json={"stock_rule": "hold"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "rule_fixed")
    async with cell.read() as tx:
        assert (await shows.get_show(tx, UUID(usual["id"]))).stock_rule == "first_paid"


async def test_the_stream_key_is_shown_to_the_crew_and_kept_by_nobody(
    cell: Cell, browse: Open
) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    answer = await (await browse(laid.host)).get(f"/fr/api/shows/{show.id}/ingest")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["server"] == "rtmp://localhost:1935/live"
    assert answer.json()["key"].startswith(str(show.id))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "rehearse", None),
        ("POST", "go-live", None),
        ("POST", "end", None),
        ("POST", "cancel", None),
        ("POST", "pin", {"product": str(NOBODY)}),
        ("POST", "unpin", None),
        ("PUT", "run-sheet", {"products": []}),
        ("PUT", "stock-rule", {"stock_rule": "first_paid"}),
        ("GET", "ingest", None),
    ],
)
async def test_only_the_host_and_the_market_team_may_run_a_show(
    cell: Cell, browse: Open, method: str, path: str, body: dict[str, object] | None
) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    async with cell.tx() as tx:
        shopper = await lay_person(tx, "Sam")
        other_host = await lay_person(tx, "Hugo", "host")
        seller_elsewhere = await lay_person(tx, "Mia", "market", market="GB")
        team = await lay_person(tx, "Team", "market")
    address = f"/fr/api/shows/{show.id}/{path}"
    statuses = {}
    people = {
        "nobody": None,
        "shopper": shopper,
        "other host": other_host,
        "team elsewhere": seller_elsewhere,
    }
    for name, person in people.items():
        answer = await (await browse(person)).request(method, address, json=body)
        statuses[name] = answer.status_code
    assert statuses == {
        "nobody": 401,
        "shopper": 403,
        "other host": 403,
        "team elsewhere": 403,
    }
    allowed = await (await browse(team)).request(method, address, json=body)
    assert allowed.status_code in (200, 204, 409)
    elsewhere = address.replace("/fr/", "/gb/")
    hidden = await (await browse(laid.host)).request(method, elsewhere, json=body)
    assert hidden.status_code == 404


async def test_a_shopper_cannot_schedule_and_a_bad_request_names_its_field(
    cell: Cell, browse: Open
) -> None:
    laid = await lay(cell)
    async with cell.tx() as tx:
        shopper = await lay_person(tx, "Sam")
    wish = {"title": "Noël", "starts_at": ms(now()), "language": "nl"}
    assert (await (await browse(None)).post("/fr/api/shows", json=wish)).status_code == 401
    assert (await (await browse(shopper)).post("/fr/api/shows", json=wish)).status_code == 403
    refused = await (await browse(laid.host)).post("/fr/api/shows", json=wish)
    assert refused.status_code == 422
    assert refused.json()["error"]["details"]["field"] == "language"
    naive = {**wish, "starts_at": "2026-12-24T20:00:00"}
    assert (await (await browse(laid.host)).post("/fr/api/shows", json=naive)).status_code == 422
