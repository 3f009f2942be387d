"""What concerns one viewer alone: heard by that viewer's sockets in the room, by nobody else."""

from typing import Any

from panier import rooms
from panier.kit.ids import new_id
from tests.rooms.conftest import Client, Venue, line


def owned(client: Client) -> list[Any]:
    """List what a client was told alone."""
    return [frame["body"] for frame in client.frames if frame["t"] == "own"]


async def test_a_visitor_is_told_at_every_gateway_and_others_are_not(venue: Venue) -> None:
    here, there = await venue.gateway(), await venue.gateway()
    anna, elsewhere = new_id(), new_id()
    mine = [
        await venue.join(here, visitor=str(anna)),
        await venue.join(here, visitor=str(anna)),
        await venue.join(there, visitor=str(anna), staff=True),
    ]
    others = [
        await venue.join(here),
        await venue.join(there, staff=True),
        await venue.join(here, visitor=str(anna), show=str(elsewhere)),
    ]
    rooms.tell_visitor(venue.cell, venue.show, new_id(), "offer", {"variant": "nobody's"})
    rooms.tell_visitor(venue.cell, venue.show, anna, "offer", {"variant": "the last mug"})
    # Told after them, and heard by all: whoever heard this has heard what there was before.
    await venue.append()
    await rooms.append(venue.cell, elsewhere, "FR", "chat", line("Hello"))
    for client in (*mine, *others):
        await client.facts_to(1)
    assert [owned(client) for client in mine] == [[{"variant": "the last mug"}]] * 3
    assert [owned(client) for client in others] == [[], [], []]


async def test_whose_other_tab_was_closed_is_still_told(venue: Venue) -> None:
    gateway = await venue.gateway()
    anna = new_id()
    closed, open_still = [await venue.join(gateway, visitor=str(anna)) for _ in range(2)]
    await closed.socket.close()
    rooms.tell_visitor(venue.cell, venue.show, anna, "offer", {"n": 1})
    await open_still.until(lambda frame: frame["t"] == "own")
    await open_still.socket.close()
    rooms.tell_visitor(venue.cell, venue.show, anna, "offer", {"n": 2})
    back = await venue.join(gateway, visitor=str(anna))
    rooms.tell_visitor(venue.cell, venue.show, anna, "offer", {"n": 3})
    told = await back.until(lambda frame: frame["t"] == "own" and frame["body"]["n"] == 3)
    assert (told["what"], owned(open_still)) == ("offer", [{"n": 1}])
