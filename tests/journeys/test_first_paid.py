"""A show in which the basket sets nothing aside: two want the last one, and one pays first."""

import asyncio
from uuid import uuid4

import pytest

from tests.journeys.conftest import Show, schedule, set_aside
from tests.journeys.platform import Platform
from tests.journeys.shopper import CHALLENGE, Refused, Shopper


async def lay(platform: Platform, title: str, units: int) -> Show:
    """Put a show on air that sells `units` scarves to who pays first."""
    show = await schedule(platform, title, stock_rule="first_paid")
    await set_aside(platform, show, "SCARF", units)
    await show.host.call("POST", f"api/shows/{show.id}/go-live")
    return show


async def test_over_socket_and_web_who_pays_first_gets_the_last_one(platform: Platform) -> None:
    show = await lay(platform, "Une pièce unique", 1)
    scarf = show.variant("SCARF")
    anna, ben = Shopper(platform.web), Shopper(platform.web)
    async with anna.room(show.id) as room:
        wanted = await room.hold(scarf)
        assert (wanted["aside"], wanted["available"]) == (False, 1)
        wish = {"variant": scarf, "quantity": 1, "key": str(uuid4()), "show": show.id}
        assert (await ben.call("POST", "api/basket", wish))["available"] == 1
        with pytest.raises(Refused) as longer:
            await room.do("extend")
        assert longer.value.code == "nothing_to_extend"

        assert (await ben.pay(show.id))["state"] == "paid"
        await room.until_fact("sold_out", variant=scarf)
        [line] = (await room.do("basket"))["lines"]
        assert (line["quantity"], line["unheld"], line["left"]) == (1, 1, 0)
        with pytest.raises(Refused) as late:
            await anna.pay(show.id)
        assert (late.value.status, late.value.code) == (409, "paid_first")
        assert late.value.details["available"] == 0
        with pytest.raises(Refused) as gone:
            await room.hold(scarf)
        assert gone.value.code == "sold_out"
        assert (await room.do("drop", variant=scarf))["quantity"] == 0


async def test_who_confirms_too_late_has_the_money_back_and_is_told(platform: Platform) -> None:
    show = await lay(platform, "Trop tard", 1)
    scarf = show.variant("SCARF")
    anna, ben = Shopper(platform.web), Shopper(platform.web)
    async with anna.room(show.id) as one, ben.room(show.id) as two:
        await asyncio.gather(one.hold(scarf), two.hold(scarf))
        begun = await anna.pay(show.id, CHALLENGE)
        assert begun["state"] == "action"
        assert (await ben.pay(show.id))["state"] == "paid"
        await anna.page(begun["action_url"])
        await anna.http.post(begun["action_url"], data={"answer": "approve"})
        told = await anna.until_settled(begun["checkout"])
        assert (told["state"], told["error"]["code"]) == ("refused", "stock_gone")
        assert (await one.do("basket"))["lines"] == []
