"""Paying over the room's socket: everybody who pays at the same moment is answered together."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from panier import orders, rooms
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, PanierError
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.orders.rules import EmptyBasket, NoSavedCard
from panier.payments.provider import Answer, Charge
from panier.payments.rules import Behaviour, CardDeclined
from panier.payments.sandbox.adapter import Sandbox
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop

ANNA, BEN, CLEO = UUID(int=1), UUID(int=2), UUID(int=3)
SIGNER = Signer("a secret of at least thirty-two characters")


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


def call(cell: Cell, settings: Settings, shop: Shop, buyer: UUID, args: Any) -> rooms.Call:
    return rooms.Call(
        cell=cell, settings=settings, signer=SIGNER, market="FR", show=shop.show, visitor=buyer,
        person=None, name="Anna", author="a", staff=False, language="fr", stage="live",
        args=msgspec.Raw(msgspec.json.encode(args)),
    )  # fmt: skip


def wish(token: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": str(new_id()),
        "email": "anna@example.org",
        "name": "Anna Martin",
        "address": {"line1": "12 rue de la Paix", "postcode": "75002", "city": "Paris",
                    "country": "FR"},
        "card": {"token": token},
        **changes,
    }  # fmt: skip


async def test_those_who_pay_at_the_same_moment_are_each_told_their_own(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    await buying.fill_basket(cell, shop, BEN)
    declined = await buying.card(cell, Behaviour.DECLINED)
    calls = [
        call(cell, settings, shop, ANNA, wish(await buying.card(cell))),
        call(cell, settings, shop, BEN, wish(declined)),
        call(cell, settings, shop, CLEO, wish(await buying.card(cell))),
        call(cell, settings, shop, CLEO, {"key": "x"}),
        call(cell, settings, shop, CLEO, wish("tok_x", card={"saved": True})),
    ]
    answers = await buying.all_told(await orders.buy_all(calls))
    anna, *others = answers
    assert isinstance(anna, dict)
    assert anna["state"] == "paid"
    assert anna["order_url"].startswith("/fr/order/")
    kinds = (CardDeclined, EmptyBasket, BadInput, NoSavedCard)
    assert [type(other) for other in others] == list(kinds)
    assert sorted(await buying.charges(cell)) == [("declined", 2980), ("succeeded", 5470)]
    assert await buying.all_adds_up(cell)


async def test_the_same_wish_twice_at_once_is_one_order(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    same = call(cell, settings, shop, ANNA, wish(await buying.card(cell)))
    first, second = await buying.all_told(await orders.buy_all([same, same]))
    again = await buying.all_told(await orders.buy_all([same]))
    assert isinstance(first, dict)
    assert first["state"] == "paid"
    assert (second, again) == (first, [first])
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.all_adds_up(cell)


class Bank:
    """The sandbox, with a bank that takes its time over one card."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
        """Play it for the rest of the test."""
        self.charged, self.go_on = asyncio.Event(), asyncio.Event()
        charge = Sandbox.charge

        async def charge_in_time(sandbox: Sandbox, cell: Cell, wanted: Charge) -> Answer:
            if wanted.token == slow:
                await self.go_on.wait()
            answer = await charge(sandbox, cell, wanted)
            self.charged.set()
            return answer

        monkeypatch.setattr(Sandbox, "charge", charge_in_time)


@pytest.mark.parametrize("together", [0.01, None])
async def test_whose_bank_is_slow_is_waited_for_by_nobody_else(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch, together: float | None
) -> None:
    monkeypatch.setattr(orders.checkout, "TOGETHER_SECONDS", together)
    shop = await lay(cell)
    calls, tokens = [], [await buying.card(cell) for _ in range(2)]
    bank = Bank(monkeypatch, tokens[0])
    for buyer, token in zip((ANNA, BEN), tokens, strict=True):
        await buying.fill_basket(cell, shop, buyer)
        calls.append(call(cell, settings, shop, buyer, wish(token)))
    paying = asyncio.create_task(orders.buy_all(calls))
    async with asyncio.timeout(30):
        await bank.charged.wait()
        if together is None:  # all for each other: without this Ben would never be told
            bank.go_on.set()
        anna, ben = await paying
        assert isinstance(anna, Awaitable) is (together is not None)
        [told] = await buying.all_told([ben])
        bank.go_on.set()
        for answer in (told, *await buying.all_told([anna])):
            assert isinstance(answer, dict)
            assert answer["state"] == "paid"
    assert await buying.all_adds_up(cell)


async def test_a_bank_that_does_not_answer_leaves_a_payment_that_a_worker_finishes(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders.checkout, "CHARGE_SECONDS_MAX", 0.01)
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    token = await buying.card(cell)
    bank = Bank(monkeypatch, token)
    asked = [call(cell, settings, shop, ANNA, wish(token))]
    [answer] = await buying.all_told(await orders.buy_all(asked))
    assert isinstance(answer, dict)
    assert answer["state"] == "pending"
    assert await buying.charges(cell) == []
    bank.go_on.set()
    monkeypatch.undo()
    async with cell.tx() as tx:
        await buying.age_payments(tx, 120)
    assert await orders.resume_payments(cell, settings) == 1
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.counts(cell, shop) == (9, 0, 1)
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total": {"minor": 2980, "currency": "GBP"}}, "currency_mismatch"),
        ({"total": {"minor": 1, "currency": "EUR"}}, "price_changed"),
        ({"email": "nobody"}, "bad_email"),
        ({"name": " "}, "bad_input"),
        ({"card": {"token": "4242424242424242"}}, "token_wrong"),
        ({"address": {"line1": "1 High Street", "postcode": "EC1A 1BB", "city": "London",
                      "country": "GB"}}, "country_refused"),
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_is_refused_and_the_basket_stays(
    cell: Cell, settings: Settings, changes: dict[str, Any], code: str
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA)
    asked = wish(await buying.card(cell), **changes)
    [answer] = await buying.all_told(
        await orders.buy_all([call(cell, settings, shop, ANNA, asked)])
    )
    assert isinstance(answer, PanierError)
    assert answer.code == code
    assert await buying.counts(cell, shop) == (9, 1, 0)
