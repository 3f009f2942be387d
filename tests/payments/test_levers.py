"""The sandbox's levers: who may pull them, and what they do."""

from collections import Counter
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import orders, payments
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import sandbox
from panier.payments.rules import Behaviour
from panier.payments.sandbox.faults import Dice
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying, paying
from tests.door import give_role, sign_up
from tests.shop import lay_shop

API = "/fr/api/sandbox"
JSON = {"accept": "application/json"}
TEN = {"minor": 1000, "currency": "EUR"}


async def become_admin(cell: Cell, client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    await give_role(cell, "admin")


async def test_only_administrators_pull_the_levers(client: httpx2.AsyncClient, cell: Cell) -> None:
    async def statuses() -> set[int]:
        answers = [
            await client.get(f"{API}/faults", headers=JSON),
            await client.put(f"{API}/faults", json={"lost": 1}),
            await client.post(f"{API}/payments/pi_0/dispute", json={}),
            await client.post(f"{API}/disputes/dp_0", json={"won": True}),
            await client.post(f"{API}/disputes/dp_0/answer", json={"key": str(new_id())}),
            await client.get(f"{API}/accounts/acct_0", headers=JSON),
            await client.post("/fr/sandbox/faults", data={"lost": "1"}),
            await client.post("/fr/sandbox/disputes/dp_0", data={"decision": "won"}),
        ]
        return {answer.status_code for answer in answers}

    assert await statuses() == {401}
    await sign_up(client)
    await give_role(cell, "market")
    assert await statuses() == {403}
    assert "Fault switch" not in (await client.get("/fr/sandbox/")).text


async def test_an_administrator_turns_the_switch_and_decides_disputes_on_the_page(
    client: httpx2.AsyncClient, cell: Cell, settings: Settings
) -> None:
    await become_admin(cell, client)
    assert "None." in (await client.get("/fr/sandbox/")).text
    payment = await paying.pay(cell, settings)
    async with cell.tx() as tx:
        dispute = await sandbox.open_dispute(tx, payment.reference or "", "fraudulent")
    assert dispute.id in (await client.get("/fr/sandbox/")).text
    decided = await client.post(f"/fr/sandbox/disputes/{dispute.id}", data={"decision": "lost"})
    assert decided.status_code == 303
    form = {"seed": "7", "lost": "5", "unheard": "4", "broken": "3", "duplicate": "2"}
    assert (await client.post("/fr/sandbox/faults", data=form)).status_code == 303
    told = (await client.get(f"{API}/faults")).json()
    assert told == {
        "seed": 7, "lost": 5, "unheard": 4, "broken": 3, "duplicate": 2, "shuffled": 0,
    }  # fmt: skip
    async with cell.read() as tx:
        found = await sandbox.find_dispute(tx, dispute.id)
    assert found is not None
    assert found.state == "lost"


async def test_a_tester_authorises_captures_and_gives_back(
    client: httpx2.AsyncClient, cell: Cell
) -> None:
    await become_admin(cell, client)
    wish = {"key": str(new_id()), "token": await buying.card(cell), "amount": TEN}
    for _ in range(2):
        held = await client.post(f"{API}/payments", json=wish | {"capture": False})
        assert held.json()["state"] == "authorised", held.text
    assert "token" not in held.text
    home = f"{API}/payments/{held.json()['id']}"
    taken = await client.post(f"{home}/capture", json=TEN | {"minor": 800})
    assert (taken.json()["state"], taken.json()["minor"]) == ("succeeded", 800)
    part = {"key": str(new_id()), "amount": TEN | {"minor": 500}}
    assert (await client.post(f"{home}/refunds", json=part)).json()["state"] == "done"
    assert (await client.post(f"{home}/dispute", json={})).json()["minor"] == 300
    other = wish | {"key": str(new_id()), "token": await buying.card(cell), "capture": False}
    freed = (await client.post(f"{API}/payments", json=other)).json()["id"]
    cancelled = await client.post(f"{API}/payments/{freed}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert (await client.post(f"{API}/payments/{freed}/capture", json=TEN)).status_code == 409
    assert (await client.get("/gb/api/sandbox/faults")).status_code == 403


async def test_a_tester_answers_the_dispute_of_their_own_payment(
    client: httpx2.AsyncClient, cell: Cell, settings: Settings
) -> None:
    await become_admin(cell, client)
    wish = {"key": str(new_id()), "token": await buying.card(cell), "amount": TEN}
    paid = (await client.post(f"{API}/payments", json=wish)).json()["id"]
    opened = await client.post(f"{API}/payments/{paid}/dispute", json={})
    home = f"{API}/disputes/{opened.json()['id']}"
    told = {"key": str(new_id()), "statement": "They signed for it."}
    for _ in range(2):
        answer = await client.post(f"{home}/answer", json=told)
        assert answer.json()["evidence"]["statement"] == "They signed for it.", answer.text
    assert "They signed for it." in (await client.get("/fr/sandbox/")).text
    other = told | {"key": str(new_id())}
    again = await client.post(f"{home}/answer", json=other, headers=JSON)
    assert (again.status_code, again.json()["error"]["details"]) == (409, {"reason": "answered"})
    given_in = await client.post(f"{home}/answer", json={"key": str(new_id())})
    assert given_in.json()["state"] == "lost"
    assert (await client.post(f"{API}/disputes/dp_0/answer", json=told)).status_code == 404
    ours = await paying.pay(cell, settings)
    async with cell.tx() as tx:
        of_order = await sandbox.open_dispute(tx, ours.reference or "", "fraudulent")
    refused = await client.post(f"{API}/disputes/{of_order.id}/answer", json=told, headers=JSON)
    assert refused.json()["error"]["details"] == {"reason": "payment_of_an_order"}


async def test_a_refund_of_an_order_is_not_made_behind_its_back(
    client: httpx2.AsyncClient, cell: Cell, settings: Settings
) -> None:
    await become_admin(cell, client)
    payment = await paying.pay(cell, settings)
    part = {"key": str(new_id()), "amount": TEN}
    answer = await client.post(f"{API}/payments/{payment.reference}/refunds", json=part)
    assert answer.status_code == 409
    assert await paying.given_back(cell) == 0


async def test_a_tester_restricts_an_account_and_pays_out(
    client: httpx2.AsyncClient, cell: Cell, settings: Settings
) -> None:
    await become_admin(cell, client)
    wanted = payments.NewAccount(UUID(int=7), "creator", "FR", "FR", "b@example.org", "Ben")
    home = f"{API}/accounts/{(await payments.open_account(cell, settings, wanted)).reference}"
    part = {"key": str(new_id()), "amount": TEN}
    assert (await client.post(f"{home}/payouts", json=part)).status_code == 409
    assert (await client.get(home)).json()["balance"] == {"minor": 0, "currency": "EUR"}
    assert (await client.put(home, json={"state": "restricted"})).status_code == 204
    assert (await client.get(home)).json()["state"] == "restricted"
    assert (await client.get(f"{API}/accounts/acct_0")).status_code == 404


def test_the_same_seed_gives_the_same_faults_in_the_stated_shares() -> None:
    faults = sandbox.Faults(seed=7, lost=10, unheard=20, broken=5, duplicate=50)
    first, second = Dice(faults), Dice(faults)
    fates = [first.fate() for _ in range(4000)]
    assert fates == [second.fate() for _ in range(4000)]
    counts = Counter(fates)
    assert 340 < counts["lost"] < 460
    assert 720 < counts["unheard"] < 880
    assert 150 < counts["broken"] < 250
    assert 450 < sum(len(first.deliveries()) == 2 for _ in range(1000)) < 550
    assert {Dice(sandbox.Faults()).fate() for _ in range(50)} == {"well"}


@pytest.mark.parametrize("fault", ["lost", "unheard", "broken"])
async def test_a_provider_that_is_away_leaves_a_payment_that_a_worker_finishes_once(
    cell: Cell, settings: Settings, fault: str
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buying.fill_basket(cell, shop, UUID(int=1))
    wanted = buying.placement(shop, UUID(int=1), await buying.card(cell))
    await paying.turn(cell, **{fault: 100})
    _, settled = await orders.check_out(cell, settings, wanted)
    assert settled.state == "created"
    await paying.turn(cell)
    async with cell.tx() as tx:
        await buying.age_payments(tx, 31)
    assert await orders.resume_payments(cell, settings) == 1
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.all_adds_up(cell)


async def test_messages_that_come_twice_and_late_settle_once(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buying.fill_basket(cell, shop, UUID(int=1))
    token = await buying.card(cell, Behaviour.LATE)
    await orders.check_out(cell, settings, buying.placement(shop, UUID(int=1), token))
    await paying.turn(cell, seed=3, duplicate=100, shuffled=100)
    async with cell.tx() as tx:
        await paying.hasten(tx)
    transport = httpx2.ASGITransport(app=app)
    await payments.deliver_webhooks(cell, settings, transport)
    async with cell.tx() as tx:
        await paying.hasten(tx)
    await payments.deliver_webhooks(cell, settings, transport)
    await Courier(cell, REACTIONS).deliver_all()
    assert await buying.events_of(cell, "PaymentReported") == 2
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.all_adds_up(cell)


async def test_a_forgotten_card_is_forgotten_by_the_provider_too(
    cell: Cell, settings: Settings
) -> None:
    person = new_id()
    card = payments.Charge(new_id(), "FR", await buying.card(cell), Money(2980, "EUR"), keep=True)
    kept = await sandbox.charge(cell, card)
    async with cell.tx() as tx:
        await tx.execute(
            "insert into person (id, email, name, password_hash, language, at)"
            " values (%s, 'a@example.org', 'Anna', '', 'en', now())",
            (person,),
        )
        await tx.execute(
            "insert into saved_card (person_id, provider, token, brand, last4, at)"
            " values (%s, 'sandbox', %s, 'visa', '4242', now())",
            (person, kept.kept_token),
        )
    async with cell.tx() as tx:
        await payments.forget_card(tx, person)
        assert await payments.find_card(tx, person) is None
    await paying.turn(cell, lost=100)
    assert await payments.forget_cards(cell, settings) == 0
    await paying.turn(cell)
    async with cell.tx() as tx:
        await paying.hasten(tx)
    assert await payments.forget_cards(cell, settings) == 1
    assert await payments.forget_cards(cell, settings) == 0
    again = payments.Charge(new_id(), "FR", kept.kept_token or "", Money(2980, "EUR"), keep=False)
    with pytest.raises(payments.TokenRefused):
        await sandbox.charge(cell, again)
