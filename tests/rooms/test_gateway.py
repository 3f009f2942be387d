from uuid import UUID

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from panier.kit.ids import new_id
from tests.rooms.conftest import Venue, line
from tests.shop import lay_shop


async def test_a_viewer_joins_and_gets_the_room_as_it_looks_now(venue: Venue) -> None:
    product = str(new_id())
    await venue.append("live")
    pinned = await venue.append("pin", product=product)
    said = await venue.append("chat", **line("Bonjour"))
    viewer = await venue.join(await venue.gateway())
    welcome = viewer.frames[0]
    assert (welcome["re"], welcome["seq"]) == (1, 3)
    assert welcome["you"] == {
        "name": "Guest 1234",
        "author": welcome["you"]["author"],
        "staff": False,
    }
    assert len(welcome["you"]["author"]) == 12
    assert welcome["state"] == {
        "stage": "live",
        "pin": product,
        "pinned_at": pinned.at,
        "deal": None,
        "picture": "on",
        "sold_out": [],
        "stock": {},
        "viewers": 1,
        "chat": [[3, "chat", said.at, line("Bonjour")]],
    }


async def test_a_fact_reaches_everybody_with_its_number(venue: Venue) -> None:
    gateway = await venue.gateway()
    viewers = [await venue.join(gateway) for _ in range(3)]
    fact = await venue.append("chat", **line("One"))
    for viewer in viewers:
        assert await viewer.facts_to(1) == [[1, "chat", fact.at, line("One")]]


async def test_who_comes_back_gets_only_what_was_missed(venue: Venue) -> None:
    gateway = await venue.gateway()
    for number in range(5):
        await venue.append("chat", **line(str(number)))
    viewer = await venue.join(gateway, after=3)
    welcome = viewer.frames[0]
    assert "state" not in welcome
    assert [fact[0] for fact in welcome["facts"]] == [4, 5]
    assert welcome["pulse"] == {"viewers": 1, "stock": {}}


async def test_who_missed_more_than_five_hundred_facts_gets_a_snapshot(venue: Venue) -> None:
    entries = [{"name": None, "product": str(new_id()), "quantity": 1} for _ in range(510)]
    for body in entries:
        await venue.append("purchase", **body)
    gateway = await venue.gateway()
    assert "state" in (await venue.join(gateway, after=9)).frames[0]
    assert len((await venue.join(gateway, after=10)).frames[0]["facts"]) == 500


async def test_a_number_from_the_future_gets_a_snapshot(venue: Venue) -> None:
    await venue.append()
    assert "state" in (await venue.join(await venue.gateway(), after=77)).frames[0]


async def test_a_command_is_answered_to_its_sender_alone(venue: Venue) -> None:
    gateway = await venue.gateway()
    buyer, other = await venue.join(gateway), await venue.join(gateway)
    variant = str(new_id())
    answer = await buyer.ask("hold", id=3, variant=variant, quantity=2)
    author = buyer.frames[0]["you"]["author"]
    ok = {"variant": variant, "quantity": 2, "author": author}
    assert answer == {"t": "re", "id": 3, "ok": ok}
    await venue.append()
    await other.facts_to(1)
    assert not [frame for frame in other.frames if frame["t"] == "re"]


async def test_hearts_and_viewers_are_summed_for_all(venue: Venue) -> None:
    gateway = await venue.gateway()
    one, two = await venue.join(gateway), await venue.join(gateway)
    await one.send(do="heart", args={"n": 3})
    await two.send(do="heart", args={"n": 2})
    hearts = viewers = 0
    while hearts < 5 or viewers < 2:
        pulse = (await one.next()).get("pulse", {})
        hearts += pulse.get("hearts", 0)
        viewers = pulse.get("viewers", viewers)
    assert (hearts, viewers) == (5, 2)


async def test_one_device_with_two_tabs_is_one_viewer(venue: Venue) -> None:
    gateway = await venue.gateway()
    visitor = str(new_id())
    await venue.join(gateway, visitor=visitor)
    second = await venue.join(gateway, visitor=visitor)
    assert second.frames[0]["state"]["viewers"] == 1


async def test_stock_news_move_the_numbers_of_what_the_room_sells(venue: Venue) -> None:
    async with venue.cell.tx() as tx:
        shop = await lay_shop(tx, stock=7)
    venue.show, venue.stock = shop.show, {shop.variant: 7}
    viewer = await venue.join(await venue.gateway())
    assert viewer.frames[0]["state"]["stock"] == {str(shop.variant): 7}
    left = {str(shop.variant): 6, str(new_id()): 1}
    venue.cell.tell("stock", msgspec.json.encode(left))
    tick = await viewer.until(lambda frame: "stock" in frame.get("pulse", {}))
    assert tick["pulse"]["stock"] == {str(shop.variant): 6}


async def test_a_show_with_units_of_its_own_shows_those(venue: Venue) -> None:
    async with venue.cell.tx() as tx:
        shop = await lay_shop(tx, stock=7)
    venue.show, venue.stock = shop.show, {shop.variant: 7}
    viewer = await venue.join(await venue.gateway())
    left = {
        str(shop.variant): 1,
        f"{shop.show}/{shop.variant}": 5,
        f"{new_id()}/{shop.variant}": 3,
    }
    venue.cell.tell("stock", msgspec.json.encode(left))
    tick = await viewer.until(lambda frame: "stock" in frame.get("pulse", {}))
    assert tick["pulse"]["stock"] == {str(shop.variant): 5}


async def test_the_rehearsal_is_the_crews_own(venue: Venue) -> None:
    gateway = await venue.gateway()
    early, host = await venue.join(gateway), await venue.join(gateway, staff=True, name="Host")
    product = str(new_id())
    await venue.append("rehearsing")
    await venue.append("pin", product=product)
    await host.facts_to(2)
    late = await venue.join(gateway)
    assert late.frames[0]["state"]["stage"] == "scheduled"
    assert late.frames[0]["state"]["pin"] is None
    await venue.append("unpin", product=product)
    await venue.append("live")
    assert [fact[1] for fact in await early.facts_to(4)] == ["live"]
    assert [fact[1] for fact in await late.facts_to(4)] == ["live"]
    assert [fact[1] for fact in await host.facts_to(4)] == ["rehearsing", "pin", "unpin", "live"]
    back = await venue.join(gateway, after=1)
    assert [fact[1] for fact in back.frames[0]["facts"]] == ["live"]


async def test_a_page_of_another_site_cannot_open_a_socket(venue: Venue) -> None:
    gateway = await venue.gateway()
    with pytest.raises(InvalidStatus) as refusal:
        await venue.connect(gateway, origin="https://evil.example")
    assert refusal.value.response.status_code == 403
    await venue.connect(gateway, origin="http://localhost:8400")


async def test_the_visitor_never_leaves_the_server(venue: Venue) -> None:
    gateway = await venue.gateway()
    visitor = str(new_id())
    viewer = await venue.join(gateway, visitor=visitor)
    await viewer.ask("say", text="Hello")
    await viewer.facts_to(1)
    told = msgspec.json.encode(viewer.frames).decode()
    assert visitor not in told
    assert UUID(visitor).hex not in told


async def test_a_gateway_that_ends_says_goodbye(venue: Venue) -> None:
    gateway = await venue.gateway()
    viewer = await venue.join(gateway)
    await venue.stop(gateway)
    bye = await viewer.until(lambda frame: frame["t"] == "bye")
    assert bye == {"t": "bye", "reason": "shutdown"}
    assert await viewer.closed() == 1001
