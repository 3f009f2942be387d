"""Payouts by mail: to whose money it is, once a step, with the amount and where to read on."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from panier import payments, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.delivery import Courier
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests.payouts.laid import FREE, connect, deliver, lay_finance, run_for, sell
from tests.post_office import PostOffice, html_of, lay_reader, open_post_office, text_of
from tests.shop import Shop, lay_shop


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def lay(cell: Cell, settings: Settings) -> Shop:
    """Have 24.58 due to a seller, approved in a run; Zoé, who reads English, works for them."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        await deliver(tx, await sell(tx, shop))
        await lay_reader(tx, "zoe", "seller", shop.seller)
    await connect(cell, settings, "seller", shop.seller)
    await payouts.release_due(cell, settings, FREE)
    await run_for(cell, settings, finance)
    return shop


async def answer(cell: Cell, state: payments.TransferState, reason: str | None = None) -> None:
    """Let the provider say how the transfer stands; twice."""

    async def act(tx: Tx) -> None:
        key = await value(tx, "select transfer_key from payout where state <> 'dropped'")
        for _ in range(2):
            told = payments.TransferAnswer(key, state, "tr_1", reason)
            await payouts.settle(tx, told, now())

    await cell.run(act)
    for _ in range(2):
        await Courier(cell, REACTIONS).deliver_all()


@pytest.mark.parametrize(
    ("states", "subjects"),
    [
        (
            [payments.TransferState.SENT, payments.TransferState.DONE],
            ["€24.58 has been paid to you", "€24.58 is on its way to you"],
        ),
        ([payments.TransferState.FAILED], ["Your payout of €24.58 did not go through"]),
        (
            [payments.TransferState.DONE, payments.TransferState.FAILED],
            ["Your payout of €24.58 came back", "€24.58 has been paid to you"],
        ),
    ],
)
async def test_each_step_of_a_payout_is_told_once(
    cell: Cell,
    settings: Settings,
    office: PostOffice,
    states: list[payments.TransferState],
    subjects: list[str],
) -> None:
    await lay(cell, settings)
    for state in states:
        await answer(cell, state, "account_closed")
    mails = await office.collect(cell)
    assert sorted(mail["Subject"] for mail in mails) == sorted(subjects)
    assert {mail["To"] for mail in mails} == {"zoe@example.org"}


async def test_the_letter_leads_to_the_statement_and_says_why_it_failed(
    cell: Cell, settings: Settings, office: PostOffice, runtime: Runtime
) -> None:
    shop = await lay(cell, settings)
    page = f"{runtime.settings.public_web_url}/fr/balance/seller/{shop.seller}"
    await answer(cell, payments.TransferState.SENT)
    (mail,) = await office.collect(cell)
    assert f"{page}/{now():%Y-}" in text_of(mail)
    await answer(cell, payments.TransferState.FAILED, "account_closed")
    (mail,) = await office.collect(cell)
    for text in (text_of(mail), html_of(mail)):
        assert "The account is closed." in text
        assert "€24.58" in text
        assert "tr_1" in text
        assert page in text


async def test_a_creator_is_written_to_in_their_language(
    cell: Cell, settings: Settings, office: PostOffice
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        for _ in range(4):
            await deliver(tx, await sell(tx, shop))
    await connect(cell, settings, "creator", shop.host)  # Camille, who reads French
    await payouts.release_due(cell, settings, FREE)
    await run_for(cell, settings, finance)
    await answer(cell, payments.TransferState.DONE)
    (mail,) = await office.collect(cell)
    assert mail["To"] == f"host-{shop.host.hex[-6:]}@example.org"
    assert "12,00\xa0€" in text_of(mail)
