"""Pages: what visitors and hosts read, and what the form does without JavaScript."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from panier import shows
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import run
from tests.shows.conftest import Open
from tests.shows.laid import lay, lay_show


async def test_the_start_page_shows_what_is_on_air_and_coming_up(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    on_air = await lay_show(cell, laid, "Sous les <néons>")
    coming = await lay_show(cell, laid, "Petit déjeuner")
    async with cell.tx() as tx:
        await shows.go_live(tx, on_air.id)
    page = await (await browse(None)).get("/fr/")
    assert page.status_code == 200
    assert "Sous les &lt;néons&gt;" in page.text
    assert 'class="badge-live"' in page.text
    assert f'href="{on_air.path}"' in page.text
    assert f'href="/fr/shows/{coming.slug}.ics"' in page.text
    assert page.text.index("On air now") < page.text.index("Coming up")


async def test_only_a_show_with_a_recording_can_be_watched_again(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    recorded, unseen = await lay_show(cell, laid, "Seen"), await lay_show(cell, laid, "Unseen")
    async with cell.tx() as tx:
        for show in (recorded, unseen):
            await shows.go_live(tx, show.id)
            await shows.end(tx, show.id)
        await run(tx, "update channel set state = 'ended'")
        await run(tx, "insert into segment values (%s, 1, 1, %s, 2.0, 1000)", (recorded.id, now()))
    page = await (await browse(None)).get("/fr/")
    assert "Watch again" in page.text
    assert f'href="{recorded.path}"' in page.text
    assert f'href="{unseen.path}"' not in page.text


async def test_an_empty_market_says_so_kindly(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    stranger = await (await browse(None)).get("/fr/")
    assert "Nothing on the calendar yet" in stranger.text
    assert "Schedule a show" not in stranger.text
    host = await (await browse(laid.host)).get("/fr/")
    assert "Schedule a show" in host.text


async def test_a_shows_calendar_entry_says_when_what_and_where(cell: Cell, browse: Open) -> None:
    show = await lay_show(cell, await lay(cell), "Bougies, savons; et d’autres lumières")
    answer = await (await browse(None)).get(f"/fr/shows/{show.slug}.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{show.slug}.ics"'
    assert answer.content.endswith(b"END:VCALENDAR\r\n")
    raw = answer.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in raw)
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    said = dict(line.split(":", 1) for line in lines if ":" in line)
    assert said["SUMMARY"] == "Bougies\\, savons\\; et d’autres lumières"
    assert said["DTSTART"] == show.starts_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    assert said["URL"] == f"http://localhost:8400{show.path}"
    assert said["UID"] == f"{show.id}@panier"
    assert said["STATUS"] == "CONFIRMED"
    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "BEGIN:VALARM",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


async def test_a_cancelled_show_is_cancelled_in_calendars_and_an_ended_one_is_gone(
    cell: Cell, browse: Open
) -> None:
    laid = await lay(cell)
    cancelled, ended = await lay_show(cell, laid, "One"), await lay_show(cell, laid, "Two")
    async with cell.tx() as tx:
        await shows.cancel(tx, cancelled.id)
        await shows.go_live(tx, ended.id)
        await shows.end(tx, ended.id)
    browser = await browse(None)
    assert "STATUS:CANCELLED" in (await browser.get("/fr/shows/one.ics")).text
    assert (await browser.get("/fr/shows/two.ics")).status_code == 404
    assert (await browser.get("/fr/shows/three.ics")).status_code == 404


def form_of(laid_products: list[object], **changes: str) -> dict[str, str]:
    """Fill in the schedule form: tomorrow at 20:00, second product first."""
    tomorrow = now().astimezone(ZoneInfo("Europe/Paris")).date() + timedelta(days=1)
    return {
        "title": "Lumières",
        "date": tomorrow.isoformat(),
        "time": "20:00",
        "language": "fr",
        f"place-{laid_products[0]}": "2",
        f"place-{laid_products[1]}": "1",
        f"place-{laid_products[2]}": "",
        **changes,
    }


async def test_a_host_schedules_a_show_with_a_plain_form(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    host = await browse(laid.host)
    form = form_of([*laid.products])
    sent = await host.post("/fr/studio/", data=form)
    assert (sent.status_code, sent.headers["location"]) == (303, "/fr/studio/?scheduled=lumieres")
    page = await host.get(sent.headers["location"])
    assert "“Lumières” is on the calendar." in page.text
    async with cell.read() as tx:
        show = await shows.get_show_by_slug(tx, "FR", "lumieres")
        assert await shows.list_run_sheet_ids(tx, show.id) == [laid.products[1], laid.products[0]]
    local = show.starts_at.astimezone(ZoneInfo("Europe/Paris"))
    assert (local.date().isoformat(), local.hour) == (form["date"], 20)


async def test_mistakes_stand_beside_their_fields_and_what_was_written_stays(
    cell: Cell, browse: Open
) -> None:
    laid = await lay(cell)
    host = await browse(laid.host)
    empty = {f"place-{product}": "" for product in laid.products}
    wrong = form_of([*laid.products], title=" ", date="2020-01-01", **empty)
    page = await host.post("/fr/studio/", data=wrong)
    assert page.status_code == 422
    assert "Please give the show a title." in page.text
    assert "This moment has gone by." in page.text
    assert "Please give at least one product a place." in page.text
    assert 'value="2020-01-01"' in page.text
    assert "Nothing is on the calendar yet" in page.text
    unread = await host.post("/fr/studio/", data=form_of([*laid.products], date="soon"))
    assert "Please choose a date and a time." in unread.text
    strange = await host.post("/fr/studio/", data=form_of([*laid.products], language="nl"))
    assert "This market does not offer this language." in strange.text


async def test_a_host_schedules_a_show_where_who_pays_first_gets_it(
    cell: Cell, browse: Open
) -> None:
    laid = await lay(cell)
    host = await browse(laid.host)
    strange = await host.post("/fr/studio/", data=form_of([*laid.products], stock_rule="auction"))
    assert strange.status_code == 422
    assert "Please choose what the basket does." in strange.text
    await host.post("/fr/studio/", data=form_of([*laid.products], stock_rule="first_paid"))
    async with cell.read() as tx:
        assert (await shows.get_show_by_slug(tx, "FR", "lumieres")).stock_rule == "first_paid"
    page = await host.get("/fr/studio/")
    assert page.text.count("First paid, first served") == 2  # the show's card, and the form


async def test_a_host_cancels_a_show_with_a_plain_form(cell: Cell, browse: Open) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    assert (await (await browse(None)).post(f"/fr/studio/{show.slug}/cancel")).status_code == 401
    sent = await (await browse(laid.host)).post(f"/fr/studio/{show.slug}/cancel")
    assert sent.status_code == 303
    async with cell.read() as tx:
        assert (await shows.get_show(tx, show.id)).state == "cancelled"


async def test_the_studio_is_for_hosts_and_asks_others_to_sign_in(cell: Cell, browse: Open) -> None:
    await lay(cell)
    asked = await (await browse(None)).get("/fr/studio/", headers={"accept": "text/html"})
    assert asked.status_code == 303
    assert asked.headers["location"] == "/fr/sign-in?next=%2Ffr%2Fstudio%2F"
