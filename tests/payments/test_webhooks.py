"""Webhooks: signed, over HTTP, again until heard, and once in effect."""

import asyncio
import socket
from datetime import timedelta
from uuid import UUID

import httpx2
import msgspec
import pytest
import uvicorn
from fastapi import FastAPI

from panier import orders, payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.delivery import Courier
from panier.payments.rules import Behaviour, State
from panier.payments.sandbox import webhooks
from panier.payments.sandbox.webhooks import Envelope, PaymentTold
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.shop import lay_shop

ANNA = UUID(int=1)
ADDRESS = "/fr/webhooks/sandbox"


async def begin_late(cell: Cell, settings: Settings) -> orders.Placed:
    """Begin a payment that settles late, and let the provider's time come."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buying.fill_basket(cell, shop, ANNA)
    token = await buying.card(cell, Behaviour.LATE)
    placed, settled = await orders.check_out(cell, settings, buying.placement(shop, ANNA, token))
    assert settled.state == "pending"
    async with cell.tx() as tx:
        await tx.execute("update sandbox_intent set settles_at = now()")
    return placed


async def deliver_events(cell: Cell) -> None:
    async with asyncio.timeout(30):
        await Courier(cell, REACTIONS).deliver_all()


async def make_due(tx: Tx) -> None:
    await tx.execute("update sandbox_webhook set next_try_at = now() where delivered_at is null")


async def outcome_of(cell: Cell, placed: orders.Placed, state: State) -> bytes:
    async with cell.read() as tx:
        payment = await payments.find_payment(tx, placed.payment.id)
    assert payment is not None
    assert payment.reference is not None
    return msgspec.json.encode(
        Envelope("FR", PaymentTold(placed.payment.id, payment.reference, state, None))
    )


async def test_a_late_payment_is_told_over_http_and_settled(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    await begin_late(cell, settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        reachable = settings.model_copy(update={"web_url": f"http://127.0.0.1:{port}"})
        async with asyncio.timeout(30):
            assert await payments.deliver_webhooks(cell, reachable) == 1
            server.should_exit = True
            await serving
    await deliver_events(cell)
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await payments.deliver_webhooks(cell, reachable) == 0
    assert await buying.all_adds_up(cell)


async def test_a_receiver_that_is_away_is_told_again_later(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    await begin_late(cell, settings)

    def away(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away")

    def broken(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500)

    for answer in (away, broken):
        async with cell.tx() as tx:
            await make_due(tx)
        assert await payments.deliver_webhooks(cell, settings, httpx2.MockTransport(answer)) == 0
        assert await payments.deliver_webhooks(cell, settings, httpx2.MockTransport(answer)) == 0
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select attempts, error, round(extract(epoch from next_try_at - now()))::int"
            " from sandbox_webhook"
        )
        ((attempts, error, wait),) = await cursor.fetchall()
    assert (attempts, error) == (2, "status 500")
    assert 2 <= wait <= 4
    async with cell.tx() as tx:
        await make_due(tx)
    transport = httpx2.ASGITransport(app=app)
    assert await payments.deliver_webhooks(cell, settings, transport) == 1
    await deliver_events(cell)
    assert await buying.states(cell) == [("paid", "paid", "paid")]


async def test_two_workers_deliver_a_message_once(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    await begin_late(cell, settings)
    transport = httpx2.ASGITransport(app=app)
    async with asyncio.timeout(30):
        heard = await asyncio.gather(
            *(payments.deliver_webhooks(cell, settings, transport) for _ in range(6))
        )
    assert sum(heard) == 1


async def test_duplicates_and_old_news_change_nothing(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    placed = await begin_late(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("update sandbox_intent set state = 'succeeded', settles_at = null")
    paid = await outcome_of(cell, placed, State.PAID)
    declined = await outcome_of(cell, placed, State.DECLINED)
    pending = await outcome_of(cell, placed, State.PENDING)
    for message, body in (
        ("msg_1", paid),
        ("msg_1", paid),
        ("msg_2", paid),
        ("msg_3", declined),
        ("msg_4", pending),
    ):
        headers = webhooks.sign(settings, message, body.decode(), now())
        answer = await client.post(ADDRESS, content=body, headers=headers)
        assert answer.status_code == 204, answer.text
    await deliver_events(cell)
    assert await buying.events_of(cell, "PaymentReported") == 3
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.all_adds_up(cell)


async def test_only_what_the_provider_signed_just_now_is_heard(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    placed = await begin_late(cell, settings)
    body = await outcome_of(cell, placed, State.PAID)
    good = webhooks.sign(settings, "msg_1", body.decode(), now())
    old = webhooks.sign(settings, "msg_1", body.decode(), now() - timedelta(minutes=6))
    early = webhooks.sign(settings, "msg_1", body.decode(), now() + timedelta(minutes=6))
    stranger = Settings(data=settings.data, secret="another secret, long enough to sign with")
    forged = webhooks.sign(stranger, "msg_1", body.decode(), now())
    for headers, content in (
        (old, body),
        (early, body),
        (forged, body),
        (good, body + b" "),
        ({**good, "webhook-id": "msg_2"}, body),
        ({**good, "webhook-signature": "v1"}, body),
        ({**good, "webhook-signature": "v1,%%%"}, body),
        ({**good, "webhook-timestamp": "soon"}, body),
        ({}, body),
        (good, b"\xff" * 70_000),
    ):
        answer = await client.post(ADDRESS, content=content, headers=headers)
        assert answer.status_code == 401
    assert await buying.events_of(cell, "PaymentReported") == 0


@pytest.mark.parametrize("address", [ADDRESS, "/gb/webhooks/sandbox"])
async def test_a_message_about_nothing_of_ours_is_not_taken(
    settings: Settings, client: httpx2.AsyncClient, address: str
) -> None:
    body = msgspec.json.encode(Envelope("FR", PaymentTold(ANNA, "pi_0", State.PAID, None)))
    headers = webhooks.sign(settings, "msg_1", body.decode(), now())
    answer = await client.post(address, content=body, headers=headers)
    assert answer.status_code == 404
