from typing import Any
from uuid import UUID

import msgspec
from fastapi import FastAPI

import panier.rooms.pages
import panier.rooms.routes
from panier import shows
from panier.kit.cells import Cell
from panier.rooms.gateway_socket import Ticket
from panier.runtime import Runtime
from tests.door import browser, give_role, open_door, sign_up
from tests.rooms.conftest import Venue
from tests.shows.laid import Laid, lay, lay_show


async def open_house(runtime: Runtime) -> FastAPI:
    """Build the application with the rooms' pages, and stock of which seven are left."""

    async def stock_of(_cell: Cell, _show: UUID, variants: list[UUID]) -> dict[UUID, int]:
        return dict.fromkeys(variants, 7)

    app = await open_door(runtime)
    mounted = {getattr(route, "name", "") for route in app.routes}
    for module in (panier.rooms.pages, panier.rooms.routes):
        if "show_watch_page" not in mounted:
            app.include_router(module.router)
    app.state.stock_of = stock_of
    app.state.card_form = lambda market: {"provider": "sandbox", "url": f"{market}sandbox/tokens"}
    return app


async def opened(cell: Cell) -> tuple[Laid, shows.Show]:
    """Lay a show on the calendar."""
    laid = await lay(cell)
    return laid, await lay_show(cell, laid)


def boot_of(page: str) -> dict[str, Any]:
    """Return the data that a page's island starts from."""
    text = page.split('id="boot">', 1)[1].split("</script>", 1)[0]
    boot: dict[str, Any] = msgspec.json.decode(text.replace("&#34;", '"'))
    return boot


def read(runtime: Runtime, answer: dict[str, Any]) -> Ticket:
    """Open a ticket as the gateway does."""
    return msgspec.convert(runtime.signer.open("room", answer["ticket"], 60), Ticket)


async def test_a_guest_gets_a_ticket_under_a_number(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as guest:
        answer = await guest.get(
            f"/fr/api/shows/{show.id}/ticket", headers={"accept-language": "fr"}
        )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["url"] == "ws://localhost:8401/"
    ticket = read(runtime, answer.json())
    assert (ticket.show, ticket.market, ticket.staff, ticket.person) == (show.id, "FR", False, None)
    assert ticket.name.split()[1].isdigit()


async def test_a_guest_may_choose_a_name_but_not_the_hosts(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    address = f"/fr/api/shows/{show.id}/ticket"
    async with browser(app) as guest:
        answer = await guest.get(address, params={"name": " Ada  L. "})
        assert read(runtime, answer.json()).name == "Ada L."
        for name in ("camille", "ada@example.org", "", "x" * 31):
            refusal = await guest.get(address, params={"name": name}, headers={"accept": "*/*"})
            assert (refusal.status_code, refusal.json()["error"]["code"]) == (422, "bad_input")


async def test_who_signed_in_talks_under_the_first_name(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as anna:
        await sign_up(anna)
        answer = await anna.get(f"/fr/api/shows/{show.id}/ticket", params={"name": "Nobody"})
    ticket = read(runtime, answer.json())
    assert (ticket.name, ticket.staff) == ("Anna", False)
    assert ticket.person is not None


async def test_the_market_team_is_crew_in_every_room(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as anna:
        await sign_up(anna)
        await give_role(cell, "market")
        answer = await anna.get(f"/fr/api/shows/{show.id}/ticket")
    assert read(runtime, answer.json()).staff is True


async def test_a_ticket_opens_the_room(venue: Venue) -> None:
    app = await open_house(venue.runtime)
    _, show = await opened(venue.cell)
    async with browser(app) as guest:
        ticket = (await guest.get(f"/fr/api/shows/{show.id}/ticket")).json()["ticket"]
    viewer = await venue.connect(await venue_gateway(venue))
    await viewer.send(do="join", id=1, ticket=ticket)
    welcome = await viewer.next()
    assert welcome["state"]["stage"] == "scheduled"
    assert sorted(welcome["state"]["stock"].values()) == [3, 3, 3]


async def venue_gateway(venue: Venue) -> Any:
    """Start a gateway of a shop that has three of everything."""

    async def three(_cell: Cell, _show: UUID, variants: list[UUID]) -> dict[UUID, int]:
        return dict.fromkeys(variants, 3)

    venue._stock_of = three  # type: ignore[method-assign]
    return await venue.gateway()


async def test_there_is_no_ticket_for_other_markets_or_cancelled_shows(
    runtime: Runtime, cell: Cell
) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as guest:
        headers = {"accept": "*/*"}
        other = await guest.get(f"/gb/api/shows/{show.id}/ticket", headers=headers)
        async with cell.tx() as tx:
            await shows.cancel(tx, show.id)
        cancelled = await guest.get(f"/fr/api/shows/{show.id}/ticket", headers=headers)
    assert (other.status_code, cancelled.status_code) == (404, 404)


async def test_the_watch_page_starts_from_the_show_and_its_run_sheet(
    runtime: Runtime, cell: Cell
) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as guest:
        page = await guest.get(f"/fr/live/{show.slug}", headers={"accept-language": "en"})
    assert page.status_code == 200, page.text
    boot = boot_of(page.text)
    assert boot["show"]["state"] == "scheduled"
    assert boot["video"] == {"live": None, "replay": None, "status": None}
    assert [product["title"] for product in boot["run_sheet"]] == [
        "The candle",
        "The mug",
        "The scarf",
    ]
    variant = boot["run_sheet"][0]["variants"][0]
    assert (variant["stock"], variant["price"]) == (7, {"minor": 2490, "currency": "EUR"})
    assert list(boot["shipping"].values()) == [{"minor": 490, "currency": "EUR"}]
    assert boot["person"] is None
    assert boot["urls"]["ticket"] == f"/fr/api/shows/{show.id}/ticket"
    assert boot["urls"]["saved"] == "/fr/api/checkout/saved"
    assert f'<meta property="og:title" content="{show.title}">' in page.text
    assert '<meta name="twitter:card" content="summary">' in page.text


async def test_a_rehearsal_looks_like_a_coming_show_to_all_but_the_crew(
    runtime: Runtime, cell: Cell
) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with cell.tx() as tx:
        await shows.rehearse(tx, show.id)
    async with browser(app) as guest:
        boot = boot_of((await guest.get(f"/fr/live/{show.slug}")).text)
        assert (boot["show"]["state"], boot["video"]["live"]) == ("scheduled", None)
        await sign_up(guest)
        await give_role(cell, "market")
        boot = boot_of((await guest.get(f"/fr/live/{show.slug}")).text)
        assert boot["show"]["state"] == "rehearsing"
        assert boot["video"]["live"].endswith("/index.m3u8")


async def test_the_studio_is_for_the_crew(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    _, show = await opened(cell)
    async with browser(app) as guest:
        assert (await guest.get(f"/fr/studio/{show.slug}")).status_code == 303
        await sign_up(guest)
        assert (await guest.get(f"/fr/studio/{show.slug}")).status_code == 403
        await give_role(cell, "market")
        boot = boot_of((await guest.get(f"/fr/studio/{show.slug}")).text)
    assert boot["actions"]["go_live"] == f"/fr/api/shows/{show.id}/go-live"
    assert boot["video"]["status"].endswith("/status.json")


async def test_chapters_are_where_the_replay_shows_a_product(runtime: Runtime, cell: Cell) -> None:
    app = await open_house(runtime)
    laid, show = await opened(cell)
    async with cell.tx() as tx:
        await shows.go_live(tx, show.id)
        await shows.pin(tx, show.id, laid.products[1])
        await shows.end(tx, show.id)
        await tx.execute(
            "insert into segment (show_id, number, session, starts_at, seconds, bytes)"
            " select show_id, 0, 1, pinned_at - interval '4 s', 10, 1 from pin"
        )
        await tx.execute(
            "update channel set live_at = (select pinned_at - interval '4 s' from pin)"
        )
    async with browser(app) as guest:
        answer = await guest.get(f"/fr/api/shows/{show.id}/chapters")
    (chapter,) = answer.json()["chapters"]
    assert (chapter["product"], chapter["at"]) == (str(laid.products[1]), 4.0)
