"""Buying from another country, and again in the same show: rates, VAT, thresholds, one parcel."""

from uuid import uuid4

import pytest

from tests.journeys.conftest import Show
from tests.journeys.platform import Platform
from tests.journeys.shopper import SUCCEEDS, Refused, Shopper

BERLIN = {"line1": "Torstraße 1", "line2": "", "postcode": "10115", "city": "Berlin",
          "country": "DE"}  # fmt: skip
ROME = {"line1": "Via Appia 1", "line2": "", "postcode": "00179", "city": "Roma",
        "country": "IT"}  # fmt: skip


def euro(minor: int) -> dict[str, object]:
    return {"minor": minor, "currency": "EUR"}


async def test_a_mug_goes_to_berlin_and_a_second_one_with_it(
    platform: Platform, on_air: Show
) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("MUG-1"))
        at_home = await guest.call("GET", "api/basket")
        assert (at_home["country"], at_home["countries"]) == ("FR", ["FR", "BE", "DE", "IT", "LU"])
        assert (at_home["shipping"], at_home["vat"]) == (euro(490), euro(399))
        # 19.00 and 7.90 with 19 % inside: 3.03 and 1.26
        there = await room.do("basket", country="DE")
        assert (there["shipping"], there["total"], there["vat"]) == (
            euro(790), euro(2690), euro(429),
        )  # fmt: skip
        (parcel,) = there["parcels"]
        assert (parcel["free_from"], parcel["missing"]) == (euro(9000), euro(7100))
        assert there == await guest.call("GET", "api/basket?country=DE") | {"now": there["now"]}
        paid = await guest.pay(on_air.id, address=BERLIN, total=euro(2690))
        assert paid["state"] == "paid"

        # The second one goes in the parcel of the first, bought over the socket.
        await room.hold(on_air.variant("MUG-1"))
        place = {k: v for k, v in BERLIN.items() if k != "country"}
        asked = {"country": "DE", "address": place}
        again = await guest.call("POST", "api/basket/priced", asked)
        (parcel,) = again["parcels"]
        assert (again["shipping"], again["total"]) == (euro(0), euro(1900))
        other = await guest.call(
            "POST",
            "api/basket/priced",
            {"country": "DE", "address": place | {"line1": "Elsewhere 2"}},
        )
        assert other["shipping"] == euro(790)
        second = await room.do(
            "buy",
            key=str(uuid4()),
            email="eva@example.org",
            name="Eva Klein",
            address=BERLIN,
            card=await guest.card(SUCCEEDS),
            total=again["total"],
        )
        assert second["state"] == "paid"
    page = await guest.page(second["order_url"])
    assert parcel["joins"] in page


async def test_from_the_threshold_on_the_parcel_is_free(platform: Platform, on_air: Show) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("MUG-4"))
        near = await guest.call("GET", "api/basket?country=DE")
        assert near["parcels"][0]["missing"] == euro(2200)
        await room.hold(on_air.variant("CANDLE-220"))
        free = await guest.call("GET", "api/basket?country=DE")
        assert (free["shipping"], free["total"]) == (euro(0), euro(6800 + 2490))
        paid = await guest.pay(on_air.id, address=BERLIN, total=free["total"])
        assert paid["state"] == "paid"


async def test_where_one_seller_does_not_send_the_basket_says_who(
    platform: Platform, on_air: Show
) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("MUG-1"))
        await room.hold(on_air.variant("CHOC-9"))
        shown = await guest.call("GET", "api/basket?country=IT")
        assert (shown["country"], shown["countries"]) == ("FR", ["FR", "BE", "DE"])
        assert "Atelier Rive" in shown["refused"]
        with pytest.raises(Refused) as refused:
            await guest.pay(on_air.id, address=ROME)
        assert (refused.value.status, refused.value.code) == (422, "not_shipped_there")
        assert refused.value.details["seller"] == "Atelier Rive"
        assert len((await room.do("basket"))["lines"]) == 2
