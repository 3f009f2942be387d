"""Buying, by guests and by people we know, with every test card."""

import asyncio
from typing import Any

import pytest

from tests.journeys.conftest import KNOWN, Show
from tests.journeys.patience import eventually
from tests.journeys.platform import Platform
from tests.journeys.shopper import (
    CHALLENGE,
    DECLINED,
    INSUFFICIENT,
    LATE,
    Refused,
    Shopper,
    euros,
)


async def test_a_guest_buys_without_an_account(platform: Platform, on_air: Show) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        held = await room.hold(on_air.variant("MUG"), 2)
        assert held["quantity"] == 2
        basket = await room.do("basket")
        paid = await guest.pay(on_air.id)
        assert paid["state"] == "paid"
        fact = await room.until_fact("purchase", product=on_air.product("MUG"), quantity=2)
        assert fact[3]["name"] == "Anna"
    assert basket["goods"] == {"minor": 2 * on_air.price("MUG"), "currency": "EUR"}
    page = await guest.page(paid["order_url"])
    assert euros(2 * on_air.price("MUG")) in page
    assert "Anna Martin" in page


@pytest.mark.parametrize("card", [DECLINED, INSUFFICIENT])
async def test_a_declined_card_keeps_the_basket(
    platform: Platform, on_air: Show, card: str
) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("TOTE"))
        with pytest.raises(Refused) as refused:
            await guest.pay(on_air.id, card)
        assert (refused.value.status, refused.value.code) == (402, "card_declined")
        basket = await room.do("basket")
        assert [line["quantity"] for line in basket["lines"]] == [1]
        paid = await guest.pay(on_air.id)
        assert paid["state"] == "paid"


@pytest.mark.parametrize(("answer", "state"), [("approve", "paid"), ("refuse", "declined")])
async def test_the_bank_asks_and_the_answer_counts(
    platform: Platform, on_air: Show, answer: str, state: str
) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("TOTE"))
        begun = await guest.pay(on_air.id, CHALLENGE)
        assert begun["state"] == "action"
        assert 'value="approve"' in await guest.page(begun["action_url"])
        told = await guest.http.post(begun["action_url"], data={"answer": answer})
        assert told.status_code == 303
        assert (await guest.until_settled(begun["checkout"]))["state"] == state


async def test_a_payment_that_settles_late_becomes_an_order(
    platform: Platform, on_air: Show
) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("OIL"))
        begun = await guest.pay(on_air.id, LATE)
        assert begun["state"] == "pending"
        assert (await room.do("basket"))["lines"] == []
        assert (await guest.until_settled(begun["checkout"]))["state"] == "paid"
        await room.until_fact("purchase", product=on_air.product("OIL"))


async def test_somebody_we_know_pays_with_what_we_keep(platform: Platform, on_air: Show) -> None:
    known = Shopper(platform.web)
    await known.sign_in(KNOWN)
    async with known.room(on_air.id) as room:
        await room.hold(on_air.variant("CHOC"))
        assert (await known.pay(on_air.id, remember=True))["state"] == "paid"

        async def read() -> dict[str, Any] | None:
            told: dict[str, Any] = await known.call("GET", "api/checkout/saved")
            return told if told["card"] else None

        saved = await eventually(read, seconds=60)
        assert saved["card"] == {"brand": "visa", "last4": "4242"}
        assert saved["address"]["city"] == "Paris"
        await room.hold(on_air.variant("CHOC"))
        assert (await known.pay(on_air.id, {"saved": True}))["state"] == "paid"


async def test_the_same_wish_twice_is_one_order(platform: Platform, on_air: Show) -> None:
    guest = Shopper(platform.web)
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("CHOC"))
        card, key = await guest.card("4242424242424242"), "0197a000-0000-7000-8000-000000000001"
        both = await asyncio.gather(
            guest.pay(on_air.id, card, key=key), guest.pay(on_air.id, card, key=key)
        )
    assert both[0]["checkout"] == both[1]["checkout"]
    assert {one["state"] for one in both} == {"paid"}


async def test_the_books_balance_afterwards(platform: Platform, on_air: Show) -> None:
    code, said = await platform.run("reconcile")
    assert code == 0, said
    assert "everything adds up" in said
